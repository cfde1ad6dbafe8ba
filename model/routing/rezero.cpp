// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ATen.h>

#include "core/translatable.h"
#include "model/kernels/precision.h"
#include "model/routing/additive_stream.h"
#include "model/routing/method.h"

namespace wavlab {

namespace {

class ReZeroMethod : public ResidualMethod {
public:
    explicit ReZeroMethod(const MethodInput& input)
        : alpha_(add_parameter("rezero.alpha", at::zeros({2 * input.model.layers}), true, input.decoder)) {}

    std::unique_ptr<ResidualStream> begin(const at::Tensor& embedding, ForwardContext&) const override {
        return std::make_unique<AdditiveStream>(embedding, widened(alpha_).unbind(0));
    }
    FusedForm fused_form() const override { return scaled_stream("rezero.alpha", alpha_, alpha_.size(0)); }

private:
    at::Tensor alpha_;  // [2L]
};

const MethodRegistration registration{
    {.id = "rezero",
     .order = 20,
     .title = WAVLAB_TEXT("ReZero"),
     .summary = WAVLAB_TEXT(
         "Every update is multiplied by a learned scalar that starts at zero, so that the network starts as the "
         "identity."),
     .formula = "h_1 = x_0,  h_{l+1} = h_l + a_l u_l,  a_l = 0 at the start",
     .citation = "Bachlechner et al., ReZero is All You Need: Fast Convergence at Large Depth, arXiv 2003.04887",
     .options = {},
     .added_parameters = [](const ModelSettings& model, const OptionValues&) { return 2 * model.layers; },
     .routing_layout = nullptr},
    [](const MethodInput& input) { return std::make_unique<ReZeroMethod>(input); }};

}  // namespace

}  // namespace wavlab
