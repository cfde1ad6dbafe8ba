// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace wavlab {

namespace {

std::string not_finite(double value) { return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"; }

template <class Number>
std::optional<Number> parse_whole_text(std::string_view text) {
    if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

}  // namespace

std::string number_text(double value) {
    if (!std::isfinite(value)) return not_finite(value);
    std::array<char, 32> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    std::string text(buffer.data(), result.ptr);
    // "1e-06" reads better as "1e-6".
    const std::size_t exponent = text.find('e');
    if (exponent != std::string::npos && text.size() == exponent + 4 && text[exponent + 2] == '0')
        text.erase(exponent + 2, 1);
    return text;
}

std::string number_text(double value, int digits) {
    if (!std::isfinite(value)) return not_finite(value);
    std::array<char, 64> buffer;
    const auto result =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, digits);
    return std::string(buffer.data(), result.ptr);
}

std::optional<double> parse_number(std::string_view text) { return parse_whole_text<double>(text); }

std::optional<std::int64_t> parse_whole_number(std::string_view text) { return parse_whole_text<std::int64_t>(text); }

}  // namespace wavlab
