// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/sha256.h"

namespace wavlab {

/// A file that grows and knows the SHA-256 of what is in it. Unlike SafeFile it stays where it is, finished or not.
/// Throws WorkError that names it and the reason when it cannot be written (disk full).
class DataFile {
public:
    /// Called with the number of bytes read so far; may throw.
    using Watch = std::function<void(std::int64_t done)>;

    /// Empties a file that is there already.
    explicit DataFile(std::filesystem::path path);
    /// Goes on with a file, which is read once for the checksum; an absent one is made.
    static DataFile go_on(std::filesystem::path path, const Watch& watch);
    ~DataFile();
    DataFile(DataFile&& other) noexcept;
    DataFile(const DataFile&) = delete;
    DataFile& operator=(const DataFile&) = delete;

    void append(std::string_view bytes);
    /// Empties it.
    void start_anew();
    /// fsync.
    void sync();

    std::int64_t size() const { return size_; }
    /// SHA-256 of the whole file. Nothing may be appended afterwards.
    std::string finish_sha256() { return hash_->hex_digest(); }
    const std::filesystem::path& path() const { return path_; }

private:
    DataFile(std::filesystem::path path, int flags);
    [[noreturn]] void fail(const char* what) const;

    std::filesystem::path path_;
    int descriptor_ = -1;
    std::int64_t size_ = 0;
    std::unique_ptr<Sha256> hash_;
};

/// Reads bytes `begin` to `end` of a file (or up to its end) in pieces. Throws InputError when it cannot be read, and
/// what `take` throws.
void read_in_pieces(const std::filesystem::path& file, std::int64_t begin, std::int64_t end,
                    const std::function<void(std::string_view piece)>& take);

/// SHA-256 of a file of any size. Throws InputError when it cannot be read, and what `watch` throws.
std::string watched_sha256(const std::filesystem::path& file, const DataFile::Watch& watch);

}  // namespace wavlab
