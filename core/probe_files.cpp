// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/probe_files.h"

#include <algorithm>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_lines.h"
#include "core/safe_file.h"
#include "core/sha256.h"

namespace fs = std::filesystem;
using json = nlohmann::json;

namespace wavlab {

namespace {

constexpr std::size_t largest_file = 64 << 20;  // bytes

fs::path folder_of(const RunFolder& run) { return run.path / "probes"; }

// ---- writing ----

json numbers(const std::vector<double>& values) {
    json list = json::array();
    for (const double value : values) list.push_back(json_number(value));
    return list;
}

json effect_json(const ProbeEffect& effect) {
    return json::array({json_number(effect.delta_loss), json_number(effect.attribution)});
}

json effects_json(const std::vector<ProbeEffect>& effects) {
    json list = json::array();
    for (const ProbeEffect& effect : effects) list.push_back(effect_json(effect));
    return list;
}

json layout_json(const RoutingLayout& layout) {
    json routers = json::array();
    for (const std::vector<Source>& sources : layout.routers) {
        json labels = json::array();
        for (const Source& source : sources) labels.push_back(label(source));
        routers.push_back(std::move(labels));
    }
    return routers;
}

json to_json(const ProbeResult& result) {
    json families = json::array();
    for (const ProbedFamily& family : result.families)
        families.push_back({{"family", kind_label(family.family)},
                            {"routers", family.routers},
                            {"mode", to_string(family.removal)},
                            {"alpha", json_number(family.alpha)},
                            {"contribution", json_number(family.contribution)},
                            {"effect", effect_json(family.effect)}});
    return {{"schema", 1},
            {"step", result.step},
            {"model", result.model},
            {"text", result.source},
            {"device", result.device},
            {"windows", result.windows},
            {"tokens", result.tokens},
            {"loss", json_number(result.loss)},
            {"sources", layout_json(result.layout)},
            {"alpha", numbers(result.alpha)},
            {"contribution", numbers(result.contribution)},
            {"zero", effects_json(result.zero)},
            {"renormalise", effects_json(result.renormalise)},
            {"families", std::move(families)}};
}

// ---- reading ----

SourceKind parse_kind(const std::string& text) {
    for (const SourceKind kind : {SourceKind::embedding, SourceKind::block, SourceKind::phase, SourceKind::split,
                                  SourceKind::partial, SourceKind::phase_partial, SourceKind::split_partial})
        if (kind_label(kind) == text) return kind;
    throw InputError("it names a family '" + text + "' that there is not");
}

std::vector<double> parse_numbers(const json& list) {
    std::vector<double> values;
    for (const json& value : list) values.push_back(parse_json_number(value));
    return values;
}

ProbeEffect parse_effect(const json& pair) { return {parse_json_number(pair.at(0)), parse_json_number(pair.at(1))}; }

std::vector<ProbeEffect> parse_effects(const json& list) {
    std::vector<ProbeEffect> effects;
    for (const json& pair : list) effects.push_back(parse_effect(pair));
    return effects;
}

ProbedFamily parse_family(const json& object) {
    ProbedFamily family;
    family.family = parse_kind(object.at("family").get<std::string>());
    object.at("routers").get_to(family.routers);
    const auto mode = object.at("mode").get<std::string>();
    if (mode != "zero" && mode != "renormalise") throw InputError("it names a mode '" + mode + "' that there is not");
    family.removal = mode == "zero" ? Removal::zero : Removal::renormalise;
    family.alpha = parse_json_number(object.at("alpha"));
    family.contribution = parse_json_number(object.at("contribution"));
    family.effect = parse_effect(object.at("effect"));
    return family;
}

ProbeResult parse(const json& object) {
    if (object.at("schema").get<int>() != 1) throw InputError("it was written by a newer version");
    ProbeResult result;
    object.at("step").get_to(result.step);
    object.at("model").get_to(result.model);
    object.at("text").get_to(result.source);
    object.at("device").get_to(result.device);
    object.at("windows").get_to(result.windows);
    object.at("tokens").get_to(result.tokens);
    result.loss = parse_json_number(object.at("loss"));
    for (const json& labels : object.at("sources")) {
        std::vector<Source>& sources = result.layout.routers.emplace_back();
        for (const json& text : labels) sources.push_back(parse_source(text.get<std::string>()));
    }
    result.alpha = parse_numbers(object.at("alpha"));
    result.contribution = parse_numbers(object.at("contribution"));
    result.zero = parse_effects(object.at("zero"));
    result.renormalise = parse_effects(object.at("renormalise"));
    for (const json& family : object.at("families")) result.families.push_back(parse_family(family));

    const auto routers = static_cast<std::int64_t>(result.layout.routers.size());
    for (const ProbedFamily& family : result.families)
        for (const std::int64_t router : family.routers)
            if (router < 1 || router > routers) throw InputError("it names a router that there is not");
    const std::size_t cells = result.layout.cell_count();
    const auto fits = [&](std::size_t size) { return size == cells || (size == 0 && result.zero.empty()); };
    if (result.alpha.size() != cells || result.contribution.size() != cells || !fits(result.zero.size()) ||
        !fits(result.renormalise.size()))
        throw InputError("its lists do not have one number for each source of each router");
    return result;
}

ProbeResult read_probe(const fs::path& file) {
    const std::string text = read_file(file, largest_file);
    try {
        return parse(json::parse(text));
    } catch (const json::exception&) {
        throw InputError(file.string() + ": this probe cannot be read (the file may be damaged)");
    } catch (const InputError& damage) {
        throw InputError(file.string() + ": this probe cannot be read: " + damage.what());
    }
}

std::string file_name(const ProbeResult& result) {
    const std::string identity =
        result.model + '\n' + result.source + (result.zero.empty() ? "\nfamilies" : "\nsources");
    return checkpoint_name(result.step) + "-windows-" + std::to_string(result.windows) + "-" +
           sha256_hex(identity).substr(0, 8) + ".json";
}

}  // namespace

KeptProbes read_probes(const RunFolder& run) {
    KeptProbes kept;
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder_of(run), error), end; !error && entry != end; entry.increment(error))
        if (entry->path().extension() == ".json") files.push_back(entry->path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        try {
            kept.probes.push_back(read_probe(file));
        } catch (const InputError& problem) {
            kept.problems.emplace_back(problem.what());
        }
    }
    std::stable_sort(kept.probes.begin(), kept.probes.end(),
                     [](const ProbeResult& one, const ProbeResult& other) { return one.step < other.step; });
    return kept;
}

fs::path keep_probe(const RunFolder& run, const ProbeResult& result) {
    if (result.cancelled) throw WorkError("a probe that was stopped has nothing to keep");
    const fs::path folder = folder_of(run);
    std::error_code error;
    fs::create_directory(folder, error);
    if (error) throw InputError(folder.string() + " cannot be made: " + reason_text(error.value()));
    fs::path file = folder / file_name(result);
    write_file_safely(file, to_json(result).dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
    return file;
}

}  // namespace wavlab
