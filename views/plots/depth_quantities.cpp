// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/plots/depth_quantities.h"

#include <algorithm>

#include "core/translatable.h"

namespace wavlab {

namespace {

std::vector<double> as_values(const std::vector<float>& floats) { return {floats.begin(), floats.end()}; }

constexpr DepthQuantity quantities[depth_quantity_count] = {
    {"state", WAVLAB_TEXT("State"), WAVLAB_TEXT("RMS of the state h"),
     WAVLAB_TEXT("RMS over channels of what enters each sublayer, h, mean over tokens; the last is what enters the "
                 "final norm."),
     [](const DepthFrame& frame) { return as_values(frame.state_rms); }},
    {"update", WAVLAB_TEXT("Update"), WAVLAB_TEXT("RMS of the update u"),
     WAVLAB_TEXT("RMS over channels of what each sublayer adds, u = f(RMSNorm(h)), mean over tokens."),
     [](const DepthFrame& frame) { return as_values(frame.update_rms); }},
    {"gradient", WAVLAB_TEXT("Gradient"), WAVLAB_TEXT("Gradient norm"),
     WAVLAB_TEXT("L2 norm of the gradient of each sublayer's parameters, before clipping."),
     [](const DepthFrame& frame) { return as_values(frame.gradient_norm); }},
    {"ratio", WAVLAB_TEXT("Update / state"), WAVLAB_TEXT("RMS of u / RMS of h"),
     WAVLAB_TEXT("How much a sublayer changes the state that it reads: RMS of its update u over RMS of its input h. "
                 "Where it falls with depth, states grow while updates do not, and later sublayers change less and "
                 "less: PreNorm dilution. Where routing mixes earlier sources instead of adding all, it stays level."),
     [](const DepthFrame& frame) {
         std::vector<double> values;
         for (std::size_t i = 0; i < std::min(frame.update_rms.size(), frame.state_rms.size()); ++i)
             values.push_back(double(frame.update_rms[i]) / double(frame.state_rms[i]));
         return values;
     }},
};

}  // namespace

std::span<const DepthQuantity, depth_quantity_count> depth_quantities() { return quantities; }

std::optional<DepthValues> read_depth_values(const RunRecord& record, std::int64_t step) {
    const auto frame = record.depth_frame(step);
    if (!frame) return std::nullopt;
    DepthValues values;
    for (std::size_t i = 0; i < depth_quantity_count; ++i) values[i] = quantities[i].values(*frame);
    return values;
}

}  // namespace wavlab
