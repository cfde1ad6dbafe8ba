// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace wavlab {

enum class TensorType { f32, f64, bf16, f16, i64, i32, u8, boolean };
std::size_t size_of(TensorType type);
/// "F32", "I64", ... as in the format.
std::string to_string(TensorType type);

/// One tensor to write; the bytes are borrowed (little endian, row-major).
struct TensorView {
    std::string name;
    TensorType type = TensorType::f32;
    std::vector<std::int64_t> shape;
    std::span<const std::byte> bytes;
};

using TensorMetadata = std::map<std::string, std::string>;

/// Writes a safetensors file with SafeFile. A `checksums` metadata entry (JSON, tensor name → SHA-256 of its bytes,
/// hex) is added. Throws like SafeFile.
void write_safetensors(const std::filesystem::path& file, const std::vector<TensorView>& tensors,
                       TensorMetadata metadata);

/// A safetensors file, mapped into memory. The constructor checks everything: header size against the file, JSON,
/// names, types, shapes (no overflow), offsets (in order, no gap, no overlap, end at the file's end), then the
/// checksums where there are any. Throws InputError that names the file and what is wrong; never allocates by what a
/// header says.
class SafetensorsFile {
public:
    explicit SafetensorsFile(const std::filesystem::path& file);
    ~SafetensorsFile();
    SafetensorsFile(SafetensorsFile&& other) noexcept;
    SafetensorsFile(const SafetensorsFile&) = delete;
    SafetensorsFile& operator=(const SafetensorsFile&) = delete;

    const std::vector<TensorView>& tensors() const { return tensors_; }
    /// Null when there is no tensor of this name.
    const TensorView* find(const std::string& name) const;
    const TensorMetadata& metadata() const { return metadata_; }
    /// Throws InputError when the entry is missing.
    const std::string& metadata(const std::string& key) const;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    std::byte* mapping_ = nullptr;
    std::size_t mapped_bytes_ = 0;
    std::vector<TensorView> tensors_;
    TensorMetadata metadata_;
};

}  // namespace wavlab
