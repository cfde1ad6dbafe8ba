// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/method_style.h"

#include <algorithm>
#include <array>

#include "core/method.h"
#include "views/translated.h"

namespace wavlab {

int method_style(const std::string& method) {
    static constexpr std::array<const char*, known_methods> methods = {
        "wav", "standard", "attnres_block", "haares", "attnres_full", "layerscale", "rezero", "block_layerscale"};
    return int(std::find(methods.begin(), methods.end(), method) - methods.begin());
}

QString method_title(const std::string& method) {
    const MethodDescriptor* known = MethodRegistry::find(method);
    return known ? translated(known->title) : QString::fromStdString(method);
}

}  // namespace wavlab
