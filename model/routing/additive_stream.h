// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/routing/method.h"

namespace wavlab {

/// One residual stream: h_{l+1} = h_l + s_l ⊙ u_l, computed in the wide type and stored in the type of the embedding.
class AdditiveStream : public ResidualStream {
public:
    /// `scales` holds one tensor for each sublayer, a scalar or [d], in the wide type; empty: all are 1.
    AdditiveStream(at::Tensor embedding, std::vector<at::Tensor> scales)
        : state_(std::move(embedding)), scales_(std::move(scales)) {}

    at::Tensor input(std::int64_t) override { return state_; }
    void add(std::int64_t sublayer, const at::Tensor& update) override;
    std::unique_ptr<ResidualStream> branch() const override { return std::make_unique<AdditiveStream>(*this); }

private:
    at::Tensor state_;  // h_l
    std::vector<at::Tensor> scales_;
};

/// The fused form of such a stream: row i of the parameter scales sublayer i+1, for the first `rows` sublayers.
FusedForm scaled_stream(const std::string& parameter, const at::Tensor& value, std::int64_t rows);

}  // namespace wavlab
