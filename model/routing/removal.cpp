// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/removal.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/kernels/precision.h"

namespace wavlab {

void SourceRemoval::apply(std::int64_t router, const std::vector<RouteSource>& sources, RoutedState& routed) const {
    const std::vector<std::size_t>& gone = removed.at(static_cast<std::size_t>(router - 1));
    if (gone.empty()) return;
    if (at::GradMode::is_enabled()) throw WorkError("sources can only be removed where no gradients are recorded");
    if (mode == Removal::renormalise && gone.size() == sources.size())
        throw WorkError("a router without any source has nothing to renormalise");

    std::vector<bool> keeps(sources.size(), true);
    at::Tensor weights = routed.weights.clone();
    for (const std::size_t source : gone) {
        keeps.at(source) = false;
        weights.select(-1, static_cast<std::int64_t>(source)).zero_();
    }
    if (mode == Removal::renormalise) weights.div_(weights.sum(-1, true));

    // Summed in the order of `route`, so that removing what weighs nothing changes no bit.
    at::Tensor state;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        if (!keeps[i]) continue;
        const at::Tensor value = widened(sources[i].value);
        const at::Tensor weight = weights.select(-1, static_cast<std::int64_t>(i)).unsqueeze(-1);
        if (state.defined())
            state.addcmul_(value, weight);
        else
            state = at::mul(value, weight);
    }
    routed.state = state.defined() ? state.to(routed.state.scalar_type()) : at::zeros_like(routed.state);
    routed.weights = weights;
}

}  // namespace wavlab
