// SPDX-License-Identifier: GPL-3.0-or-later
// All kernels of one instruction set; see vector_body.h.
#pragma once

#include "model/kernels/vector/backbone_body.h"
#include "model/kernels/vector/routing_backward_body.h"
#include "model/kernels/vector/routing_forward_body.h"

namespace wavlab {
namespace {

constexpr VectorKernels kernel_table(const char* name) {
    return {.name = name,
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
