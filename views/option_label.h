// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include <QString>

namespace wavlab {

/// What the form calls the option with this dotted key; the key itself where there is no such option. The methods must
/// be registered.
QString option_label(const std::string& dotted_key);

}  // namespace wavlab
