// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/routing/details.h"
#include "model/routing/routed_method.h"

namespace wavlab {

/// One forward pass of a routed method: keeps the sources, and routes over them before every sublayer.
class RoutedStream : public ResidualStream {
public:
    RoutedStream(const RoutedMethod& method, const at::Tensor& embedding, ForwardContext& context);

    at::Tensor input(std::int64_t sublayer) override;
    void add(std::int64_t sublayer, const at::Tensor& update) override;
    std::unique_ptr<ResidualStream> branch() const override { return std::make_unique<RoutedStream>(*this); }

private:
    const RoutedMethod& method_;
    ForwardContext& context_;
    const DetailSigns* signs_;
    std::vector<RouterParameters> routers_;
    std::vector<RouteSource> completed_;  // embedding, then block, phase, split of every completed block
    std::vector<RouteSource> running_;    // partial, phase-partial, split-partial
    std::vector<at::Tensor> updates_;     // of the running block
    at::Tensor sum_;                      // of updates_, wide

    RouteSource make_source(SourceKind kind, std::int64_t block, const at::Tensor& value) const;
    at::Tensor attribution_sink(const std::vector<RouteSource>& sources) const;
    std::optional<Detail> detail(std::int64_t row, std::int64_t block);
    void complete_block(std::int64_t block);
    void renew_running(std::int64_t block);
};

}  // namespace wavlab
