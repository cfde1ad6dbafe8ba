// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/routing/options.h"
#include "core/translatable.h"

#include <string>

namespace wavlab {

Option blocks_option() {
    return {.key = "blocks",
            .label = WAVLAB_TEXT("Blocks"),
            .default_value = std::int64_t{4},
            .help = WAVLAB_TEXT(
                "Into how many consecutive blocks the 2L sublayers are cut: the block size is ceil(2L / blocks), "
                "at least 1. The last block may be shorter."),
            .unit = WAVLAB_TEXT("blocks"),
            .minimum = 1,
            .maximum = 4096};
}

Option block_size_option() {
    return {.key = "block_size",
            .label = WAVLAB_TEXT("Block size"),
            .default_value = std::int64_t{0},
            .help = WAVLAB_TEXT(
                "Sublayers in a block (attention and MLP count as one each). It wins over the number of blocks; "
                "0: from the number of blocks."),
            .unit = WAVLAB_TEXT("sublayers"),
            .minimum = 0,
            .maximum = 4096};
}

Option key_gain_option() {
    return {.key = "key_gain",
            .label = WAVLAB_TEXT("Key gain"),
            .default_value = true,
            .help = WAVLAB_TEXT(
                "A learned gain γ for each router and channel on the normalised keys, k = RMSNorm(v) ⊙ γ. It "
                "starts at 1.")};
}

Option phase_option() {
    return {.key = "phase",
            .label = WAVLAB_TEXT("Phase detail"),
            .default_value = true,
            .help = WAVLAB_TEXT(
                "Routers also read each block's phase detail: its attention updates minus its MLP updates, with "
                "coefficients n/(2 n_att) and −n/(2 n_mlp).")};
}

Option split_option() {
    return {.key = "split",
            .label = WAVLAB_TEXT("Split detail"),
            .default_value = true,
            .help = WAVLAB_TEXT(
                "Routers also read each block's split detail: the updates of its first half minus those of its "
                "second half, with coefficients n/(2 n_first) and −n/(2 n_second).")};
}

Option detail_scope_option() {
    return {.key = "detail_scope",
            .label = WAVLAB_TEXT("Detail scope"),
            .default_value = std::string("completed"),
            .help = WAVLAB_TEXT(
                "completed: details of completed blocks only. online: those of the running block too, from the "
                "moment both signs are present, over the sublayers done so far."),
            .choices = {"completed", "online"}};
}

Option detail_option() {
    return {.key = "detail",
            .label = WAVLAB_TEXT("Detail"),
            .default_value = std::string("contrast"),
            .help = WAVLAB_TEXT(
                "What the detail sources hold. contrast: phase and split. random_sign: fixed balanced random signs "
                "drawn from the seed, scaled alike. duplicate: the block's summary itself once more."),
            .choices = {"contrast", "random_sign", "duplicate"}};
}

Option rms_match_option() {
    return {.key = "rms_match",
            .label = WAVLAB_TEXT("RMS matching"),
            .default_value = std::string("token"),
            .help = WAVLAB_TEXT(
                "Scales each detail p to the RMS of its block's summary b, v = p · rms(b) / (rms(p) + 1e-6). token: "
                "for each token. tensor: one ratio for the whole batch; it is not causal (later tokens and other "
                "sequences of the batch change it). off: none."),
            .choices = {"token", "tensor", "off"}};
}

Option detach_option() {
    return {.key = "detach",
            .label = WAVLAB_TEXT("Detach the ratio"),
            .default_value = true,
            .help = WAVLAB_TEXT("No gradient flows through the ratio of RMS matching. Off: it does (ablation).")};
}

Option detail_bias_option() {
    return {.key = "detail_bias",
            .label = WAVLAB_TEXT("Detail bias"),
            .default_value = std::string("learned"),
            .help = WAVLAB_TEXT(
                "The biases β on the logits of phase and split, two for each router: learned, or fixed at their "
                "initial value."),
            .choices = {"learned", "fixed"}};
}

Option detail_bias_init_option() {
    return {.key = "detail_bias_init",
            .label = WAVLAB_TEXT("Initial detail bias"),
            .default_value = -2.0,
            .help = WAVLAB_TEXT(
                "Initial value of the biases on the logits of phase and split. Negative: details start with less "
                "weight than the other sources."),
            .minimum = -1e6,
            .maximum = 1e6};
}

Option layer_scale_init_option() {
    return {.key = "init",
            .label = WAVLAB_TEXT("Initial scale"),
            .default_value = -1.0,
            .help = WAVLAB_TEXT(
                "Initial value of every λ. -1: by CaiT's rule, 0.1 up to 18 layers, 1e-5 up to 24, 1e-6 deeper."),
            .minimum = -1,
            .maximum = 100};
}

BlockLayout block_layout(const ModelSettings& model, const OptionValues& values) {
    return {model.layers, method_option<std::int64_t>(blocks_option(), values),
            method_option<std::int64_t>(block_size_option(), values)};
}

double initial_layer_scale(const ModelSettings& model, const OptionValues& values) {
    const auto given = method_option<double>(layer_scale_init_option(), values);
    if (given >= 0) return given;
    if (model.layers <= 18) return 0.1;
    return model.layers <= 24 ? 1e-5 : 1e-6;
}

RoutingSettings read_routing_settings(const OptionValues& values) {
    RoutingSettings settings;
    settings.key_gain = method_option<bool>(key_gain_option(), values);
    return settings;
}

RoutingSettings read_detail_settings(const OptionValues& values) {
    RoutingSettings settings = read_routing_settings(values);
    settings.has_detail_bias = true;
    const auto detail = method_option<std::string>(detail_option(), values);
    settings.detail = detail == "random_sign" ? DetailKind::random_sign
                      : detail == "duplicate" ? DetailKind::duplicate
                                              : DetailKind::contrast;
    const auto match = method_option<std::string>(rms_match_option(), values);
    settings.match = match == "tensor" ? ScaleMatch::tensor : match == "off" ? ScaleMatch::off : ScaleMatch::token;
    settings.detach = method_option<bool>(detach_option(), values);
    settings.bias_learned = method_option<std::string>(detail_bias_option(), values) == "learned";
    settings.bias_init = method_option<double>(detail_bias_init_option(), values);
    return settings;
}

}  // namespace wavlab
