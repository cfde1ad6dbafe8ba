// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/data_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/safe_file.h"

namespace wavlab {

namespace {

constexpr std::size_t piece_size = std::size_t{1} << 20;
constexpr std::int64_t to_the_end = std::numeric_limits<std::int64_t>::max();

}  // namespace

DataFile::DataFile(std::filesystem::path path, int flags) : path_(std::move(path)), hash_(std::make_unique<Sha256>()) {
    ignore_file_size_signal();
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0666);
    if (descriptor_ < 0) fail("cannot be written");
}

DataFile::DataFile(std::filesystem::path path) : DataFile(std::move(path), O_TRUNC) {}

DataFile DataFile::go_on(std::filesystem::path path, const Watch& watch) {
    DataFile file(std::move(path), O_APPEND);
    read_in_pieces(file.path_, 0, to_the_end, [&](std::string_view piece) {
        file.hash_->update(piece);
        file.size_ += static_cast<std::int64_t>(piece.size());
        if (watch) watch(file.size_);
    });
    return file;
}

DataFile::~DataFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

DataFile::DataFile(DataFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      hash_(std::move(other.hash_)) {}

void DataFile::fail(const char* what) const {
    throw WorkError(path_.string() + ": " + what + ": " + reason_text(errno));
}

void DataFile::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot be written");
        hash_->update(bytes.substr(0, static_cast<std::size_t>(written)));
        size_ += written;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void DataFile::start_anew() {
    if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) != 0) fail("cannot be written");
    size_ = 0;
    hash_ = std::make_unique<Sha256>();
}

void DataFile::sync() {
    if (::fsync(descriptor_) != 0 && errno != EINVAL) fail("cannot be made durable");
}

void read_in_pieces(const std::filesystem::path& file, std::int64_t begin, std::int64_t end,
                    const std::function<void(std::string_view piece)>& take) {
    const auto refuse = [&] { return InputError(file.string() + ": cannot be read: " + reason_text(errno)); };
    // Pipes and devices would not end: O_NONBLOCK keeps opening one from hanging, reading a folder fails by itself.
    struct Descriptor {
        int value;
        ~Descriptor() {
            if (value >= 0) ::close(value);
        }
    } descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (descriptor.value < 0) throw refuse();
    std::vector<char> buffer(piece_size);
    for (std::int64_t at = begin; at < end;) {
        const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(piece_size, end - at));
        const ssize_t count = ::pread(descriptor.value, buffer.data(), wanted, at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw refuse();
        if (count == 0) return;
        take({buffer.data(), static_cast<std::size_t>(count)});
        at += count;
    }
}

std::string watched_sha256(const std::filesystem::path& file, const DataFile::Watch& watch) {
    Sha256 hash;
    std::int64_t done = 0;
    read_in_pieces(file, 0, to_the_end, [&](std::string_view piece) {
        hash.update(piece);
        done += static_cast<std::int64_t>(piece.size());
        if (watch) watch(done);
    });
    return hash.hex_digest();
}

}  // namespace wavlab
