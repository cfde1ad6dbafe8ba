// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/run_event.h"
#include "model/decoder.h"
#include "model/forward.h"
#include "model/optimizer.h"

namespace wavlab {

/// The frames of one step; a method without routing or blocks has fewer.
struct StepFrames {
    std::optional<RoutingFrame> routing;
    std::optional<DetailFrame> details;
    DepthFrame depth;
};

/// Looks into one forward pass and makes the frames of its step. Every statistic is reduced on the device in fp32;
/// one copy brings all of them to the host.
class Recorder : public ForwardObserver {
public:
    /// The decoder must outlive this object.
    explicit Recorder(const Decoder& decoder);

    void on_state(std::int64_t sublayer, const at::Tensor& state) override;
    void on_update(std::int64_t sublayer, const at::Tensor& update) override;
    void on_routing(std::int64_t router, const std::vector<Source>& sources, const std::vector<at::Tensor>& values,
                    const at::Tensor& weights) override;
    Attribution attribution() const override { return Attribution::summed; }
    void on_attribution(std::int64_t router, const at::Tensor& attribution) override;
    void on_block(std::int64_t block, const at::Tensor& summary, const std::optional<ObservedDetail>& phase,
                  const std::optional<ObservedDetail>& split) override;

    /// Takes what was seen since the last call; to be called before the update. `norms` are those of the step's
    /// gradients, in the order of `slots`.
    StepFrames take(std::int64_t step, const std::vector<AdamW::Slot>& slots, const at::Tensor& norms);

private:
    /// Statistics of the same kind, one vector for each sublayer, router or block, by number.
    using Statistics = std::map<std::int64_t, at::Tensor>;

    void keep(const std::string& name, std::int64_t number, const at::Tensor& values);
    void keep_detail(const std::string& name, std::int64_t block, const at::Tensor& summary,
                     const std::optional<ObservedDetail>& detail);
    const at::Tensor& norm_of(const at::Tensor& value);
    void keep_parameters();
    void keep_attributions();
    std::map<std::string, std::vector<float>> copy_to_host();
    std::vector<float> sublayer_norms(const std::vector<AdamW::Slot>& slots, const std::vector<float>& norms) const;

    const Decoder* decoder_;
    std::map<std::string, Statistics> statistics_;
    /// ‖v‖₂ per token [B, T] of sources that several routers read; the tensors are held so that none is mistaken.
    std::vector<std::pair<at::Tensor, at::Tensor>> source_norms_;
    std::map<std::int64_t, at::Tensor> attributions_;  ///< [S] by router, filled by the backward pass
    bool blocks_seen_ = false;
};

}  // namespace wavlab
