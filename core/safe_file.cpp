// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/safe_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/error.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

/// Closes a descriptor that is only read from or synced.
class Descriptor {
public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return value_; }

private:
    int value_;
};

/// The file behind symbolic links, so that writing replaces it and not the link.
fs::path resolve_links(fs::path target) {
    constexpr int most_links = 16;
    std::error_code error;
    for (int i = 0; i < most_links && fs::is_symlink(fs::symlink_status(target, error)); ++i) {
        const fs::path link = fs::read_symlink(target, error);
        if (error) break;
        target = link.is_absolute() ? link : target.parent_path() / link;
    }
    return target;
}

void require_writable_target(const fs::path& target, const fs::path& named) {
    const auto refuse = [&](const std::string& why) {
        throw InputError(named.string() + ": cannot be written: " + why);
    };
    std::error_code error;
    if (!target.has_filename()) refuse("this names a folder; give a file");
    const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
    const fs::file_status folder = fs::status(parent, error);
    if (folder.type() == fs::file_type::not_found) refuse("the folder " + parent.string() + " does not exist");
    if (folder.type() != fs::file_type::directory) refuse(parent.string() + " is not a folder");
    const fs::file_status status = fs::status(target, error);
    if (status.type() == fs::file_type::directory) refuse("this is a folder; give a file");
    if (fs::exists(status) && status.type() != fs::file_type::regular) refuse("this is not an ordinary file");
    if (fs::exists(status) && ::access(target.c_str(), W_OK) != 0) refuse(reason_text(errno));
}

/// A name beside the target that no other process or thread uses.
fs::path temporary_name(const fs::path& target) {
    static std::atomic<unsigned> counter{0};
    constexpr std::size_t longest_kept = 200;  // names may have 255 bytes
    const std::string name = target.filename().string().substr(0, longest_kept);
    return target.parent_path() / ("." + name + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++));
}

}  // namespace

std::string reason_text(int reason) {
    switch (reason) {
        case ENOSPC:
            return "the disk is full";
        case EDQUOT:
            return "the disk quota is used up";
        case EFBIG:
            return "the file is larger than allowed here";
        case EROFS:
            return "the file system is read-only";
        case EACCES:
        case EPERM:
            return "permission denied";
        case EIO:
            return "the disk reports an error";
        default:
            return std::strerror(reason);
    }
}

void ignore_file_size_signal() {
    // A program that handles the signal itself keeps its handler.
    static const bool done = [] {
        struct sigaction action {};
        if (::sigaction(SIGXFSZ, nullptr, &action) == 0 && action.sa_handler == SIG_DFL) ::signal(SIGXFSZ, SIG_IGN);
        return true;
    }();
    static_cast<void>(done);
}

SafeFile::SafeFile(fs::path target) : target_(resolve_links(target)) {
    ignore_file_size_signal();
    require_writable_target(target_, target);
    constexpr int most_tries = 100;
    for (int i = 0; i < most_tries && descriptor_ < 0; ++i) {
        temporary_ = temporary_name(target_);
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ < 0 && errno != EEXIST && errno != EINTR) break;
    }
    if (descriptor_ >= 0) return;
    const int reason = errno;
    const std::string message = target.string() + ": cannot be written: " + reason_text(reason);
    if (reason == ENOSPC || reason == EDQUOT || reason == EIO || reason == EMFILE || reason == ENFILE)
        throw WorkError(message);
    throw InputError(message);
}

SafeFile::~SafeFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void SafeFile::fail(const char* what) {
    const int reason = errno;
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    ::unlink(temporary_.c_str());
    temporary_.clear();
    throw WorkError(target_.string() + ": " + what + ": " + reason_text(reason));
}

void SafeFile::write(std::span<const std::byte> bytes) {
    if (descriptor_ < 0) throw WorkError(target_.string() + ": cannot be written: it is already closed");
    constexpr std::size_t most_at_once = std::size_t{1} << 30;
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), most_at_once));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot be written");
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

void SafeFile::write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

void SafeFile::commit() {
    if (descriptor_ < 0) throw WorkError(target_.string() + ": cannot be written: it is already closed");
    // A file that is replaced keeps its permissions.
    struct stat old {};
    if (::stat(target_.c_str(), &old) == 0) static_cast<void>(::fchmod(descriptor_, old.st_mode & 07777));
    if (::fsync(descriptor_) != 0) fail("cannot be made durable");
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be written");
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot be put in its place");
    temporary_.clear();
    sync_path(target_.has_parent_path() ? target_.parent_path() : fs::path("."));
}

void write_file_safely(const fs::path& target, std::string_view contents) {
    SafeFile file(target);
    file.write(contents);
    file.commit();
}

void commit_folder(const fs::path& temporary, const fs::path& target, ExistingFolder existing) {
    sync_path(temporary);
    int result = ::rename(temporary.c_str(), target.c_str());
    if (result != 0 && (errno == ENOTEMPTY || errno == EEXIST)) {
        if (existing == ExistingFolder::refuse)
            throw InputError(target.string() + ": this folder is not empty: choose another one");
        // The old folder stays complete until the new one has taken its name.
        result = ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE);
        if (result == 0) {
            std::error_code ignored;
            fs::remove_all(temporary, ignored);
        }
    }
    if (result != 0) throw WorkError(target.string() + ": cannot be put in its place: " + reason_text(errno));
    sync_path(target.has_parent_path() ? target.parent_path() : fs::path("."));
}

void sync_path(const fs::path& path) {
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (descriptor.get() < 0) throw WorkError(path.string() + ": cannot be made durable: " + reason_text(errno));
    if (::fsync(descriptor.get()) == 0 || errno == EINVAL || errno == EROFS) return;
    throw WorkError(path.string() + ": cannot be made durable: " + reason_text(errno));
}

std::string read_file(const fs::path& file, std::size_t limit) {
    const auto refuse = [&](const std::string& why) { return InputError(file.string() + ": cannot be read: " + why); };
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (descriptor.get() < 0) throw refuse(errno == ENOENT ? "there is no such file" : reason_text(errno));
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) throw refuse(reason_text(errno));
    if (S_ISDIR(status.st_mode)) throw refuse("this is a folder; give a file");
    if (!S_ISREG(status.st_mode)) throw refuse("this is not an ordinary file");
    const std::string too_large = "it is larger than the " + std::to_string(limit) + " bytes allowed";
    if (static_cast<std::uintmax_t>(status.st_size) > limit) throw refuse(too_large);

    std::string contents(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t done = 0;
    while (done < contents.size()) {
        const ssize_t count = ::read(descriptor.get(), contents.data() + done, contents.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw refuse(reason_text(errno));
        if (count == 0) break;  // it was cut while being read
        done += static_cast<std::size_t>(count);
    }
    contents.resize(done);
    return contents;
}

}  // namespace wavlab
