// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/translatable.h"
#include "model/routing/options.h"
#include "model/routing/routed_method.h"

namespace wavlab {

namespace {

RoutingSettings read_settings(const OptionValues& options) {
    RoutingSettings settings = read_detail_settings(options);
    settings.phase = method_option<bool>(phase_option(), options);
    settings.split = method_option<bool>(split_option(), options);
    settings.online = method_option<std::string>(detail_scope_option(), options) == "online";
    return settings;
}

const BlockRoutedRegistration registration{
    {.id = "wav",
     .order = 70,
     .title = WAVLAB_TEXT("WAV"),
     .summary = WAVLAB_TEXT(
         "Block AttnRes whose routers also read details of every completed block: phase (attention against MLP) "
         "and split (first half against second half), matched to the RMS of the block's summary."),
     .formula = "p = Σ c_l u_l with Σ c_l = 0,  v = p · stopgrad(rms(b_n) / (rms(p) + 1e-6)),  "
                "z_{l,i} = w_l · k_i + β_{l,kind(i)},  h_l = Σ_i softmax(z_l)_i v_i",
     .citation = "WAV: Multi-Resolution Block Residual Routing for Deep Decoder-Only Transformers, arXiv 2606.06564",
     .options = {blocks_option(), block_size_option(), phase_option(), split_option(), detail_scope_option(),
                 detail_option(), rms_match_option(), detach_option(), detail_bias_option(), detail_bias_init_option(),
                 key_gain_option()}},
    read_settings};

}  // namespace

}  // namespace wavlab
