// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/npz_file.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace wavlab {
namespace {

/// What stands before the values of a .npy file (numpy.lib.format, version 1.0).
std::string npy_header(const std::string& type, const std::vector<std::size_t>& shape) {
    std::string sizes;
    for (const std::size_t size : shape) sizes += std::to_string(size) + (shape.size() == 1 ? "," : ", ");
    if (shape.size() > 1) sizes.resize(sizes.size() - 2);
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sizes);
    constexpr std::size_t alignment = 64, before = 10;  // bytes
    header.append((alignment - (before + header.size() + 1) % alignment) % alignment, ' ');
    header += '\n';
    const auto length = static_cast<std::uint16_t>(header.size());
    return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(length & 0xFF) + static_cast<char>(length >> 8) +
           header;
}

std::string_view bytes_of(const auto& values) {
    const auto bytes = std::as_bytes(std::span(values));
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

NpzFile::NpzFile(const std::filesystem::path& target) : zip_(target) {}

void NpzFile::begin(const std::string& name, const std::string& type, const std::vector<std::size_t>& shape,
                    std::size_t value_size) {
    const std::string header = npy_header(type, shape);
    std::uint64_t bytes = value_size;
    for (const std::size_t size : shape) bytes *= size;
    zip_.begin(name + ".npy", header.size() + bytes);
    zip_.write(header);
}

void NpzFile::add(const std::string& name, std::span<const std::int64_t> values) {
    begin(name, "<i8", {values.size()}, sizeof(std::int64_t));
    zip_.write(bytes_of(values));
}

void NpzFile::add(const std::string& name, const std::vector<std::string>& texts) {
    std::size_t longest = 1;
    for (const std::string& text : texts) longest = std::max(longest, text.size());
    begin(name, fmt::format("<U{}", longest), {texts.size()}, longest * sizeof(char32_t));
    for (const std::string& text : texts) {
        std::u32string padded(text.begin(), text.end());
        padded.resize(longest);
        zip_.write(bytes_of(padded));
    }
}

void NpzFile::begin(const std::string& name, const std::vector<std::size_t>& shape) {
    begin(name, "<f4", shape, sizeof(float));
}

void NpzFile::write(std::span<const float> values) { zip_.write(bytes_of(values)); }

void NpzFile::commit() { zip_.commit(); }

}  // namespace wavlab
