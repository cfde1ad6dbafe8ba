// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ATen.h>

#include "core/translatable.h"
#include "model/kernels/precision.h"
#include "model/routing/additive_stream.h"
#include "model/routing/method.h"
#include "model/routing/options.h"

namespace wavlab {

namespace {

class BlockLayerScaleMethod : public ResidualMethod {
public:
    explicit BlockLayerScaleMethod(const MethodInput& input)
        : blocks_(block_layout(input.model, input.options)),
          lambda_(add_parameter("layerscale.lambda",
                                at::full({blocks_.block_count(), input.model.width},
                                         initial_layer_scale(input.model, input.options), at::kDouble),
                                true, input.decoder)) {}

    std::unique_ptr<ResidualStream> begin(const at::Tensor& embedding, ForwardContext&) const override {
        const std::vector<at::Tensor> rows = widened(lambda_).unbind(0);
        std::vector<at::Tensor> scales;
        for (std::int64_t sublayer = 1; sublayer <= blocks_.sublayers(); ++sublayer)
            scales.push_back(rows[static_cast<std::size_t>(blocks_.block_of(sublayer) - 1)]);
        return std::make_unique<AdditiveStream>(embedding, std::move(scales));
    }
    FusedForm fused_form() const override {
        FusedForm form = scaled_stream("layerscale.lambda", lambda_, 0);
        for (std::int64_t sublayer = 1; sublayer <= blocks_.sublayers(); ++sublayer)
            form.scales->row_of.push_back(blocks_.block_of(sublayer) - 1);
        return form;
    }

private:
    BlockLayout blocks_;
    at::Tensor lambda_;  // [blocks, d]
};

const MethodRegistration registration{
    {.id = "block_layerscale",
     .order = 40,
     .title = WAVLAB_TEXT("Block LayerScale"),
     .summary = WAVLAB_TEXT(
         "LayerScale with one vector for each block of consecutive sublayers instead of one for each sublayer. "
         "A reconstruction: the block-wise control without routing."),
     .formula = "h_1 = x_0,  h_{l+1} = h_l + λ_{block(l)} ⊙ u_l",
     .citation = "After Touvron et al., Going deeper with Image Transformers (CaiT), arXiv 2103.17239",
     .options = {blocks_option(), block_size_option(), layer_scale_init_option()},
     .added_parameters =
         [](const ModelSettings& model, const OptionValues& options) {
             return block_layout(model, options).block_count() * model.width;
         },
     .routing_layout = nullptr},
    [](const MethodInput& input) { return std::make_unique<BlockLayerScaleMethod>(input); }};

}  // namespace

}  // namespace wavlab
