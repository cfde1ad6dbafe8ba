// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stored_event.h"

#include <limits>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json_lines.h"
#include "core/number_text.h"

namespace wavlab {

namespace {

using nlohmann::json;

constexpr std::size_t most_cells = 20'000'000;

/// The layout as runs of columns: routers read long stretches of them, so that 1000 layers stay small.
json layout_json(const RoutingLayout& layout) {
    const std::vector<Source> columns = layout.columns();
    json labels = json::array();
    std::map<std::string, std::size_t> positions;
    for (const Source& source : columns) {
        positions[label(source)] = labels.size();
        labels.push_back(label(source));
    }
    json routers = json::array();
    for (const std::vector<Source>& sources : layout.routers) {
        json stretches = json::array();  // first column, length, first column, length, ...
        std::size_t next = SIZE_MAX;
        for (const Source& source : sources) {
            const std::size_t position = positions.at(label(source));
            if (position == next) {
                stretches.back() = stretches.back().get<std::size_t>() + 1;
            } else {
                stretches.push_back(position);
                stretches.push_back(1);
            }
            next = position + 1;
        }
        routers.push_back(std::move(stretches));
    }
    return {{"sources", labels}, {"routers", routers}};
}

RoutingLayout parse_layout(const json& value) {
    std::vector<Source> columns;
    for (const json& text : value.at("sources")) columns.push_back(parse_source(text.get<std::string>()));
    RoutingLayout layout;
    std::size_t cells = 0;
    for (const json& stretches : value.at("routers")) {
        std::vector<Source> sources;
        for (std::size_t i = 0; i + 1 < stretches.size(); i += 2) {
            const auto first = stretches[i].get<std::uint64_t>();
            const auto length = stretches[i + 1].get<std::uint64_t>();
            if (first > columns.size() || length > columns.size() - first || (cells += length) > most_cells)
                throw InputError("the stored routing layout is damaged");
            const auto begin = columns.begin() + static_cast<std::ptrdiff_t>(first);
            sources.insert(sources.end(), begin, begin + static_cast<std::ptrdiff_t>(length));
        }
        layout.routers.push_back(std::move(sources));
    }
    return layout;
}

/// The inverse of json_number; NaN where there is none.
double number_at(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number()) return found->get<double>();
    const std::optional<double> number =
        found != object.end() && found->is_string() ? parse_number(found->get<std::string>()) : std::nullopt;
    return number.value_or(std::numeric_limits<double>::quiet_NaN());
}

// Both ways through the fields of a description, so that writing and reading cannot differ.
template <class Description, class Text, class Whole>
void each_field(Description& d, Text text, Whole whole) {
    text("experiment", d.experiment);
    text("wavlab_version", d.wavlab_version);
    text("torch_version", d.torch_version);
    text("commit", d.commit);
    text("device", d.device);
    text("device_reason", d.device_reason);
    text("cpu_capability", d.cpu_capability);
    text("data_sha256", d.data_sha256);
    text("data_source", d.data_source);
    text("implementation", d.implementation);
    text("started_at", d.started_at);
    whole("threads", d.threads);
    whole("vocabulary", d.vocabulary);
    whole("train_tokens", d.train_tokens);
    whole("validation_tokens", d.validation_tokens);
    whole("validation_characters", d.validation_characters);
    whole("validation_bytes", d.validation_bytes);
    whole("parameters", d.parameters);
    whole("added_parameters", d.added_parameters);
}

json description_json(const RunDescription& description) {
    json object;
    const auto put = [&](const char* key, const auto& value) { object[key] = value; };
    each_field(description, put, put);
    if (description.validation_floor) object["validation_floor"] = json_number(*description.validation_floor);
    object["unigram_entropy"] = json_number(description.unigram_entropy);
    object["bigram_entropy"] = json_number(description.bigram_entropy);
    object["flops_per_token"] = json_number(description.flops_per_token);
    object["notes"] = description.notes;
    object["routing"] = layout_json(description.routing);
    if (description.origin) object["origin"] = origin_json(description.origin);
    return object;
}

RunDescription parse_description(const json& object) {
    RunDescription description;
    const auto text = [&](const char* key, std::string& value) { value = object.value(key, std::string()); };
    const auto whole = [&](const char* key, std::int64_t& value) { value = object.value(key, std::int64_t{0}); };
    each_field(description, text, whole);
    if (object.contains("validation_floor")) description.validation_floor = number_at(object, "validation_floor");
    description.unigram_entropy = number_at(object, "unigram_entropy");
    if (object.contains("bigram_entropy")) description.bigram_entropy = number_at(object, "bigram_entropy");
    description.flops_per_token = number_at(object, "flops_per_token");
    description.notes = object.value("notes", std::vector<std::string>());
    description.routing = parse_layout(object.at("routing"));
    if (object.contains("origin")) description.origin = parse_origin(object.at("origin"));
    return description;
}

struct Stored {
    const char* type;
    json object;
};

template <class Event>
Stored stored(const Event&) {
    throw WorkError("scalars and frames are not stored as JSON");
}

Stored stored(const RunStarted& event) {
    return {"started",
            {{"description", description_json(event.description)},
             {"folder", event.folder},
             {"first_step", event.first_step},
             {"total_steps", event.total_steps}}};
}

Stored stored(const CheckpointSaved& event) { return {"checkpoint", {{"folder", event.folder}}}; }

Stored stored(const SampleDrawn& event) { return {"sample", {{"prompt", event.prompt}, {"text", event.text}}}; }

Stored stored(const Message& event) { return {"message", {{"text", event.text}}}; }

Stored stored(const StateChanged& event) { return {"state", {{"state", to_string(event.state)}}}; }

Stored stored(const RunEnded& event) {
    return {"ended",
            {{"state", to_string(event.state)},
             {"exit_code", static_cast<int>(event.exit_code)},
             {"reason", event.reason}}};
}

RunEvent parse_event(const std::string& type, std::int64_t step, const json& object) {
    if (type == "started")
        return RunStarted{parse_description(object.at("description")), object.at("folder"), object.at("first_step"),
                          object.at("total_steps")};
    if (type == "checkpoint") return CheckpointSaved{step, object.at("folder")};
    if (type == "sample") return SampleDrawn{step, object.at("prompt"), object.at("text")};
    if (type == "message") return Message{object.at("text")};
    if (type == "state") return StateChanged{parse_run_state(object.at("state"))};
    if (type == "ended")
        return RunEnded{parse_run_state(object.at("state")), static_cast<ExitCode>(object.at("exit_code").get<int>()),
                        object.at("reason"), step, false};
    return Message{"A record of the kind '" + type + "' was passed over: a later version wrote it."};
}

}  // namespace

StoredEvent to_stored(const RunEvent& event) {
    const Stored found = std::visit([](const auto& one) { return stored(one); }, event);
    return {found.type, json_line(found.object)};
}

RunEvent parse_stored_event(const std::string& type, std::int64_t step, const std::string& text) {
    try {
        // The callback keeps hostile nesting from building up.
        constexpr int deepest = 8;
        const auto not_too_deep = [](int depth, json::parse_event_t, json&) {
            if (depth > deepest) throw InputError("a stored record is nested too deeply");
            return true;
        };
        return parse_event(type, step, json::parse(text, not_too_deep));
    } catch (const json::exception&) {
        throw InputError("a stored record of the kind '" + type + "' is damaged");
    }
}

}  // namespace wavlab
