// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/translatable.h"
#include "model/routing/options.h"
#include "model/routing/routed_method.h"

namespace wavlab {

namespace {

const BlockRoutedRegistration registration{
    {.id = "attnres_block",
     .order = 60,
     .title = WAVLAB_TEXT("Block AttnRes"),
     .summary = WAVLAB_TEXT(
         "Routers read the embedding, the summary of every completed block of sublayers, and the running sum of "
         "the block that is not complete."),
     .formula = "b_n = Σ_{l in block n} u_l,  k_i = RMSNorm(v_i) ⊙ γ_l,  α_l = softmax_i(w_l · k_i),  "
                "h_l = Σ_i α_{l,i} v_i,  v = x_0, b_1 .. b_n, partial sum",
     .citation = "Attention Residuals (Kimi Team)",
     .options = {blocks_option(), block_size_option(), key_gain_option()}},
    read_routing_settings};

}  // namespace

}  // namespace wavlab
