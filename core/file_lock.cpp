// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/file_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <utility>

#include "core/error.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

/// Open file description locks: like flock, they belong to the descriptor and end with the process, and they can be
/// looked at without being taken.
struct ::flock whole_file() {
    struct ::flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

bool is_locked(int descriptor) {
    struct ::flock lock = whole_file();
    return ::fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/// Somebody may have removed the file between its opening and its locking: such a lock would keep nobody out.
bool is_removed(int descriptor) {
    struct ::stat status {};
    return ::fstat(descriptor, &status) == 0 && status.st_nlink == 0;
}

}  // namespace

std::optional<FileLock> FileLock::try_take(const fs::path& file, const std::string& who) {
    for (;;) {
        const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (descriptor < 0) throw InputError(file.string() + ": cannot be locked: " + std::strerror(errno));
        FileLock lock(descriptor);
        struct ::flock wanted = whole_file();
        if (::fcntl(descriptor, F_OFD_SETLK, &wanted) != 0) {
            if (errno == EAGAIN || errno == EACCES) return std::nullopt;
            throw InputError(file.string() + ": cannot be locked: " + std::strerror(errno));
        }
        if (is_removed(descriptor)) continue;
        if (!who.empty()) {
            const std::string text = who + ", process " + std::to_string(::getpid());
            // The text is only for people: that it cannot be written (a full disk) does not matter.
            if (::ftruncate(descriptor, 0) == 0) [[maybe_unused]]
                const auto written = ::pwrite(descriptor, text.data(), text.size(), 0);
        }
        return lock;
    }
}

std::optional<FileLock> FileLock::take(const fs::path& file, std::stop_token stop, const std::string& who) {
    // The system's own wait cannot be ended from another thread.
    constexpr auto pause = std::chrono::milliseconds(50);
    std::mutex mutex;
    std::condition_variable_any asked;
    while (!stop.stop_requested()) {
        if (std::optional<FileLock> lock = try_take(file, who)) return lock;
        std::unique_lock guard(mutex);
        asked.wait_for(guard, stop, pause, [] { return false; });
    }
    return std::nullopt;
}

bool FileLock::is_held(const fs::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool held = is_locked(descriptor);
    ::close(descriptor);
    return held;
}

std::optional<std::string> FileLock::holder(const fs::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return std::nullopt;
    const bool held = is_locked(descriptor);
    std::string who(200, '\0');
    const ssize_t length = held ? ::pread(descriptor, who.data(), who.size(), 0) : 0;
    ::close(descriptor);
    if (!held) return std::nullopt;
    who.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
    return who.empty() ? "another process" : who;
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

}  // namespace wavlab
