// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wavlab {

/// Writes a zip archive whose files are stored as they are, without times: the same contents give the same bytes. It
/// appears whole with `commit()`, or not at all. Throws InputError when the target cannot be written, WorkError when
/// writing fails.
class ZipWriter {
public:
    explicit ZipWriter(const std::filesystem::path& target);
    ~ZipWriter();

    /// Begins a file of so many bytes, which follow with `write`.
    void begin(const std::string& name, std::uint64_t bytes);
    void write(std::string_view bytes);
    void add(const std::string& name, std::string_view contents);
    void commit();

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// Unpacks a zip archive into an existing folder and returns the files' names. Nothing is written outside of the folder
/// or to more than `most_bytes`. Throws InputError for what is no zip archive, is damaged, or holds anything but plain
/// files with relative names.
std::vector<std::string> unpack_zip(const std::filesystem::path& file, const std::filesystem::path& folder,
                                    std::uint64_t most_bytes);

}  // namespace wavlab
