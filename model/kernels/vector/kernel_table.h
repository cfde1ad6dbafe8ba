// SPDX-License-Identifier: GPL-3.0-or-later
// All kernels of one instruction set; see vector_body.h.
#pragma once

#include "model/kernels/vector/backbone_body.h"
#include "model/kernels/vector/routing_backward_body.h"
#include "model/kernels/vector/routing_forward_body.h"

namespace wavlab {
namespace {

const char* no_obstacle(std::int64_t, std::int64_t) { return nullptr; }

/// One thread works on all of its tokens one after the other.
std::int64_t one_part(std::int64_t) { return 1; }

/// Of each source the weights and the gradients of its logits, and one number more.
std::int64_t scratch_numbers(std::int64_t sources) { return (2 * router_lanes + 1) * sources; }

constexpr FusedKernels<float> kernel_table(const char* name) {
    return {.name = name,
            .whole_batch = false,
            .obstacle = no_obstacle,
            .parts = one_part,
            .scratch_numbers = scratch_numbers,
            .add_and_normalise = add_and_normalise,
            .normalise_backward = normalise_backward,
            .inverse_rms = inverse_rms,
            .swiglu = swiglu,
            .swiglu_backward = swiglu_backward,
            .rotate = rotate,
            .rotate_back = rotate_back,
            .score_sources = score_sources,
            .merge = merge,
            .merge_backward = merge_backward,
            .score_sources_backward = score_sources_backward,
            .make_sources = make_sources,
            .make_sources_backward = make_sources_backward};
}

}  // namespace
}  // namespace wavlab
