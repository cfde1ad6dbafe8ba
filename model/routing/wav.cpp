// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/translatable.h"
#include "model/routing/options.h"
#include "model/routing/routed_method.h"

namespace wavlab {

namespace {

RoutingSettings read_settings(const OptionValues& options) {
    RoutingSettings settings = read_detail_settings(options);
    settings.phase = method_option<bool>(method_options::phase(), options);
    settings.split = method_option<bool>(method_options::split(), options);
    settings.online = method_option<std::string>(method_options::detail_scope(), options) == "online";
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
     .options = {method_options::blocks(), method_options::block_size(), method_options::phase(),
                 method_options::split(), method_options::detail_scope(), method_options::detail(),
                 method_options::rms_match(), method_options::detach(), method_options::detail_bias(),
                 method_options::detail_bias_init(), method_options::key_gain()}},
    read_settings};

}  // namespace

}  // namespace wavlab
