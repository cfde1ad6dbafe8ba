// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace wavlab {

/// CRC-32C (Castagnoli polynomial, RFC 3720 B.4): the checksum of TensorFlow's record files. zlib's crc32 is another.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace wavlab
