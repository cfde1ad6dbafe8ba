// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wavlab {

// Numbers to text and back, whatever the locale is.

/// The shortest text that reads back as the same number: "0.001", "1e-6", "nan", "inf", "-inf".
std::string number_text(double value);

/// With so many significant digits: number_text(0.1234567891234, 9) is "0.123456789".
std::string number_text(double value, int digits);

/// The whole text as a number ("nan" and "inf" included); empty when it is none.
std::optional<double> parse_number(std::string_view text);

/// The whole text as a whole number; empty when it is none or too large.
std::optional<std::int64_t> parse_whole_number(std::string_view text);

}  // namespace wavlab
