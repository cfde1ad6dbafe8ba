// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/crc32c.h"

#include <array>

namespace wavlab {
namespace {

constexpr std::uint32_t reversed_polynomial = 0x82F63B78;

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit) value = value & 1 ? value >> 1 ^ reversed_polynomial : value >> 1;
        table[byte] = value;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> table = make_table();

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
    std::uint32_t value = ~std::uint32_t{0};
    for (const char byte : bytes) value = table[(value ^ static_cast<std::uint8_t>(byte)) & 0xFF] ^ value >> 8;
    return ~value;
}

}  // namespace wavlab
