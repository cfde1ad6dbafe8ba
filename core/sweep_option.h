// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/option.h"

namespace wavlab {

/// One option of an experiment, seen as something to vary: what its values may be.
class SweepOption {
public:
    explicit SweepOption(const std::string& dotted_key);

    /// Why it cannot be varied; empty when it can.
    const std::optional<std::string>& problem() const { return problem_; }
    /// "a whole number from 1 to 512".
    std::string allowed() const { return allowed_values(option_); }
    std::optional<std::string> problem_with(const OptionValue& value) const;
    /// Whole numbers of a real option become real, so that equal values are the same.
    OptionValue normal(const OptionValue& value) const;
    /// A value as typed; empty when it is not of the option's type.
    std::optional<OptionValue> parse(std::string_view text) const;

private:
    std::string key_;
    Option option_;
    std::optional<std::string> problem_;
};

}  // namespace wavlab
