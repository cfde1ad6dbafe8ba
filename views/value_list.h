// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QString>

#include "core/option.h"

namespace wavlab {

/// The most values that one list may have.
inline constexpr std::size_t most_listed_values = 1000;

/// Reads "1, 2, 4..6" as values of the option; text with a comma stands in quotes. Empty values between commas are
/// passed over. Empty when something is not of the option's type, with a sentence in `problem`.
std::optional<std::vector<OptionValue>> parse_value_list(const Option& option, const QString& text, QString& problem);

/// The list as `parse_value_list` reads it; three and more whole numbers in a row as a range.
QString value_list_text(const std::vector<OptionValue>& values);

}  // namespace wavlab
