// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/block_layout.h"
#include "model/routing/method.h"
#include "model/routing/route.h"
#include "model/routing/routing_plan.h"

namespace wavlab {

/// What all routed methods share: one router before every sublayer and one before the final norm, each over the
/// embedding, the block sources and, in wav and haares, their details. The methods differ in blocks and settings.
class RoutedMethod : public ResidualMethod {
public:
    RoutedMethod(const MethodInput& input, const BlockLayout& blocks, const RoutingSettings& settings);

    std::unique_ptr<ResidualStream> begin(const at::Tensor& embedding, ForwardContext& context) const override;
    const RoutingLayout& routing_layout() const override;
    FusedForm fused_form() const override;

    const BlockLayout& blocks() const { return blocks_; }
    const RoutingSettings& settings() const { return settings_; }
    double eps() const { return eps_; }
    /// Null unless details are random signs. They are read from the stored tensor, which a checkpoint may have filled.
    const DetailSigns* signs() const;
    /// The parameters of all 2L+1 routers.
    std::vector<RouterParameters> routers() const;

private:
    BlockLayout blocks_;
    RoutingSettings settings_;
    double eps_;
    at::Tensor query_;        // [2L+1, d]
    at::Tensor key_gain_;     // [2L+1, d] or undefined
    at::Tensor detail_bias_;  // [2L+1, 2] or undefined
    at::Tensor detail_sign_;  // [2, 2L] or undefined
    // Copies of detail_sign_ and what follows from it, as of a version of the tensor.
    mutable DetailSigns signs_;
    mutable RoutingLayout layout_;
    mutable std::int64_t version_ = -1;

    void read_signs() const;
};

/// Registers a method that routes over the blocks of `blocks` and `block_size`, with these settings: the descriptor's
/// costs and layout and the tensor side all follow from them.
struct BlockRoutedRegistration : MethodRegistration {
    BlockRoutedRegistration(MethodDescriptor descriptor, RoutingSettings (*read_settings)(const OptionValues&));
};

}  // namespace wavlab
