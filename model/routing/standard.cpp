// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/translatable.h"
#include "model/routing/additive_stream.h"
#include "model/routing/method.h"

namespace wavlab {

namespace {

class StandardMethod : public ResidualMethod {
public:
    std::unique_ptr<ResidualStream> begin(const at::Tensor& embedding, ForwardContext&) const override {
        return std::make_unique<AdditiveStream>(embedding, std::vector<at::Tensor>());
    }
    FusedForm fused_form() const override { return {}; }
};

const MethodRegistration registration{
    {.id = "standard",
     .order = 10,
     .title = WAVLAB_TEXT("Standard residual"),
     .summary = WAVLAB_TEXT(
         "The plain pre-norm residual stream: every sublayer reads the sum of the embedding and all updates "
         "before it."),
     .formula = "h_1 = x_0,  h_{l+1} = h_l + u_l",
     .citation = "He et al., Deep Residual Learning for Image Recognition, arXiv 1512.03385",
     .options = {},
     .added_parameters = [](const ModelSettings&, const OptionValues&) { return std::int64_t{0}; },
     .routing_layout = nullptr},
    [](const MethodInput&) { return std::make_unique<StandardMethod>(); }};

}  // namespace

}  // namespace wavlab
