// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/zip_file.h"

namespace wavlab {

/// Writes arrays to a file for `numpy.load`: a zip archive of .npy files, stored and not compressed, each in C order,
/// little-endian. The file appears whole with `commit()`, or not at all. Throws InputError when the target cannot be
/// written, WorkError when writing fails.
class NpzFile {
public:
    explicit NpzFile(const std::filesystem::path& target);

    void add(const std::string& name, std::span<const std::int64_t> values);   ///< [values], int64
    void add(const std::string& name, const std::vector<std::string>& texts);  ///< [texts], str; ASCII

    /// Begins an array of float32 whose values follow with `write`, as many as the shape holds, the last index fastest.
    void begin(const std::string& name, const std::vector<std::size_t>& shape);
    void write(std::span<const float> values);

    void commit();

private:
    void begin(const std::string& name, const std::string& type, const std::vector<std::size_t>& shape,
               std::size_t value_size);

    ZipWriter zip_;
};

}  // namespace wavlab
