// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/safetensors.h"

namespace wavlab {

/// What a safetensors header says of one tensor, as read.
struct TensorEntry {
    std::string name;
    TensorType type = TensorType::f32;
    std::vector<std::int64_t> shape;
    std::array<std::uint64_t, 2> offsets{};  ///< first byte and the one after the last, in the data part
};

struct SafetensorsHeader {
    std::vector<TensorEntry> tensors;  ///< in the header's order
    TensorMetadata metadata;
};

/// Reads the JSON of a header. It is read as a stream with a fixed depth, so that hostile text costs no more memory
/// than its own length. Throws InputError that says what is wrong, without the file's name.
SafetensorsHeader parse_safetensors_header(std::string_view json);

/// Reads a JSON object of strings. Throws InputError.
TensorMetadata parse_string_map(std::string_view json);

/// "F32" → f32; empty for types that are not known here.
std::optional<TensorType> parse_tensor_type(std::string_view text);

/// Bytes of a tensor of this type and shape; empty when that is more than a file can hold.
std::optional<std::uint64_t> tensor_bytes(TensorType type, const std::vector<std::int64_t>& shape);

/// SHA-256 over names, types and shapes of the tensors, and over the metadata but for both checksum entries. Who
/// changes tensors and drops or renews `checksums` need not know of it.
std::string header_checksum(const std::vector<TensorEntry>& tensors, const TensorMetadata& metadata);

inline constexpr const char* checksums_key = "checksums";
inline constexpr const char* header_checksum_key = "header_checksum";

}  // namespace wavlab
