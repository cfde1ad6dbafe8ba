// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>

namespace wavlab {

/// A file mapped into memory for reading here and there. What was read stays resident only up to a limit, so that
/// training on a corpus of any size does not grow the process by the corpus.
class MappedFile {
public:
    /// Throws InputError where the file cannot be opened or mapped.
    explicit MappedFile(const std::filesystem::path& file);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::filesystem::path& path() const { return path_; }
    const std::byte* data() const { return data_; }
    std::size_t size() const { return size_; }

    /// To be called after each read of so many bytes in one place: gives pages back now and then.
    void was_read(std::size_t bytes);

private:
    std::filesystem::path path_;
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
    std::atomic<std::size_t> resident_{0};  ///< an upper bound, in bytes
};

}  // namespace wavlab
