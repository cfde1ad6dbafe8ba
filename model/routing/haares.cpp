// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/translatable.h"
#include "model/routing/options.h"
#include "model/routing/routed_method.h"

namespace wavlab {

namespace {

/// WAV with split alone, online.
RoutingSettings read_settings(const OptionValues& options) {
    RoutingSettings settings = read_detail_settings(options);
    settings.phase = false;
    settings.split = true;
    settings.online = true;
    return settings;
}

const BlockRoutedRegistration registration{
    {.id = "haares",
     .order = 80,
     .title = WAVLAB_TEXT("HaaRes"),
     .summary =
         WAVLAB_TEXT("WAV with the split detail alone, also of the running block: summary and split are the two Haar "
                     "coefficients of a block's updates. A reconstruction."),
     .formula = "as WAV with phase = false, split = true, detail_scope = online",
     .citation = "A baseline of WAV: Multi-Resolution Block Residual Routing for Deep Decoder-Only Transformers, arXiv "
                 "2606.06564",
     .options = {blocks_option(), block_size_option(), detail_option(), rms_match_option(), detach_option(),
                 detail_bias_option(), detail_bias_init_option(), key_gain_option()}},
    read_settings};

}  // namespace

}  // namespace wavlab
