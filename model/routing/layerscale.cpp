// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ATen.h>

#include "core/translatable.h"
#include "model/kernels/precision.h"
#include "model/routing/additive_stream.h"
#include "model/routing/method.h"
#include "model/routing/options.h"

namespace wavlab {

namespace {

class LayerScaleMethod : public ResidualMethod {
public:
    explicit LayerScaleMethod(const MethodInput& input)
        : lambda_(add_parameter("layerscale.lambda",
                                at::full({2 * input.model.layers, input.model.width},
                                         initial_layer_scale(input.model, input.options), at::kDouble),
                                true, input.decoder)) {}

    std::unique_ptr<ResidualStream> begin(const at::Tensor& embedding, ForwardContext&) const override {
        return std::make_unique<AdditiveStream>(embedding, widened(lambda_).unbind(0));
    }
    FusedForm fused_form() const override { return scaled_stream("layerscale.lambda", lambda_, lambda_.size(0)); }

private:
    at::Tensor lambda_;  // [2L, d]
};

const MethodRegistration registration{
    {.id = "layerscale",
     .order = 30,
     .title = WAVLAB_TEXT("LayerScale"),
     .summary = WAVLAB_TEXT(
         "Every update is multiplied channel by channel with a learned vector that starts small, by CaiT's rule "
         "for the depth."),
     .formula = "h_1 = x_0,  h_{l+1} = h_l + λ_l ⊙ u_l",
     .citation = "Touvron et al., Going deeper with Image Transformers (CaiT), arXiv 2103.17239",
     .options = {layer_scale_init_option()},
     .added_parameters = [](const ModelSettings& model, const OptionValues&) { return 2 * model.layers * model.width; },
     .routing_layout = nullptr},
    [](const MethodInput& input) { return std::make_unique<LayerScaleMethod>(input); }};

}  // namespace

}  // namespace wavlab
