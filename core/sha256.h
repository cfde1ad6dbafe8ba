// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace wavlab {

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void update(std::string_view bytes);
    void update(std::span<const std::byte> bytes);
    /// The digest as 64 lower-case hexadecimal digits; starts over.
    std::string hex_digest();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// SHA-256 of some bytes as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);
std::string sha256_hex(std::span<const std::byte> bytes);

/// SHA-256 of a file of any size. Throws InputError when it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace wavlab
