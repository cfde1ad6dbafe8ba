// SPDX-License-Identifier: GPL-3.0-or-later
// The methods themselves live in model/, so the tests of core bring stand-ins with the same ids.
#include "core/block_layout.h"
#include "core/method.h"

namespace wavlab {

namespace {

std::vector<Option> block_options() {
    return {
        {.key = "blocks", .label = "Blocks", .default_value = std::int64_t{4}, .minimum = 1, .maximum = 2000},
        {.key = "block_size", .label = "Block size", .default_value = std::int64_t{0}, .minimum = 0, .maximum = 2000}};
}

std::vector<Option> wav_options() {
    std::vector<Option> options = block_options();
    options.push_back({.key = "phase", .label = "Phase", .default_value = true});
    options.push_back({.key = "split", .label = "Split", .default_value = true});
    options.push_back({.key = "rms_match",
                       .label = "RMS matching",
                       .default_value = std::string("token"),
                       .choices = {"token", "tensor", "off"}});
    options.push_back(
        {.key = "detail_bias_init", .label = "Detail bias", .default_value = -2.0, .minimum = -1e5, .maximum = 1e5});
    return options;
}

/// Embedding, summaries of completed blocks with their details, and the partial sum.
RoutingLayout layout_of(const ModelSettings& model, const OptionValues& values, bool phase, bool split) {
    const BlockLayout blocks(model.layers, std::get<std::int64_t>(values.at("blocks")),
                             std::get<std::int64_t>(values.at("block_size")));
    RoutingLayout layout;
    for (std::int64_t done = 0; done <= blocks.sublayers(); ++done) {
        std::vector<Source> sources{{SourceKind::embedding, 0}};
        const std::int64_t completed = blocks.completed_blocks(done);
        for (std::int64_t block = 1; block <= completed; ++block) {
            sources.push_back({SourceKind::block, block});
            if (phase) sources.push_back({SourceKind::phase, block});
            if (split) sources.push_back({SourceKind::split, block});
        }
        if (done < blocks.sublayers() && !blocks.completes_block(done) && done > 0)
            sources.push_back({SourceKind::partial, 0});
        layout.routers.push_back(sources);
    }
    return layout;
}

std::int64_t router_parameters(const ModelSettings& model, const OptionValues&) {
    return (2 * model.layers + 1) * 2 * model.width;
}

const Registration<MethodDescriptor> standard{{.id = "standard",
                                               .order = 1,
                                               .title = "Standard",
                                               .summary = {},
                                               .formula = {},
                                               .citation = {},
                                               .options = {},
                                               .added_parameters = {},
                                               .routing_layout = {}}};

const Registration<MethodDescriptor> layerscale{
    {.id = "layerscale",
     .order = 2,
     .title = "LayerScale",
     .summary = {},
     .formula = {},
     .citation = {},
     .options = {{.key = "init", .label = "Init", .default_value = 0.0, .minimum = 0, .maximum = 1}},
     .added_parameters = [](const ModelSettings& m, const OptionValues&) { return 2 * m.layers * m.width; },
     .routing_layout = {}}};

MethodDescriptor routed(const char* id, int order, std::vector<Option> options) {
    return {.id = id,
            .order = order,
            .title = id,
            .summary = {},
            .formula = {},
            .citation = {},
            .options = std::move(options),
            .added_parameters = router_parameters,
            .routing_layout = [](const ModelSettings& model, const OptionValues& values) {
                const auto on = [&](const char* key) { return values.contains(key) && std::get<bool>(values.at(key)); };
                OptionValues known = values;
                known.try_emplace("blocks", std::int64_t{0});
                known.try_emplace("block_size", std::int64_t{1});
                return layout_of(model, known, on("phase"), on("split"));
            }};
}

const Registration<MethodDescriptor> attnres_full{routed("attnres_full", 3, {})};
const Registration<MethodDescriptor> attnres_block{routed("attnres_block", 4, block_options())};
const Registration<MethodDescriptor> wav{routed("wav", 5, wav_options())};
const Registration<MethodDescriptor> haares{routed("haares", 6, block_options())};

}  // namespace

}  // namespace wavlab
