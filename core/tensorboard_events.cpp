// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensorboard_events.h"

#include <cmath>
#include <ctime>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <toml++/toml.h>
#include <nlohmann/json.hpp>

#include "core/crc32c.h"
#include "core/json_lines.h"
#include "core/protobuf_message.h"

namespace wavlab {
namespace {

// Fields of the messages in tensorboard/compat/proto and tensorboard/plugins/hparams.
namespace event_field {
constexpr std::uint32_t wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7;
}
namespace value_field {
constexpr std::uint32_t tag = 1, simple_value = 2, tensor = 8, metadata = 9;
}
namespace metadata_field {
constexpr std::uint32_t plugin_data = 1, data_class = 4;
}
namespace tensor_field {
constexpr std::uint32_t type = 1, shape = 2, float_value = 5, string_value = 8;
}
namespace session_field {
constexpr std::uint32_t hyperparameters = 1, start_time = 5;
}
constexpr std::int64_t session_start = 1, type_float = 1, type_string = 7, class_tensor = 2;

template <class Number>
void append_number(std::string& bytes, Number value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// So that a checksum of bytes that hold checksums is no trivial number (TensorFlow, lib/hash/crc32c.h).
std::uint32_t masked_checksum(std::string_view bytes) {
    const std::uint32_t checksum = crc32c(bytes);
    return (checksum >> 15 | checksum << 17) + 0xA282EAD8;
}

ProtobufMessage event_at(std::int64_t step, double wall_time) {
    ProtobufMessage event;
    event.number(event_field::wall_time, wall_time).whole(event_field::step, step);
    return event;
}

std::string summary_record(std::int64_t step, double wall_time, const ProtobufMessage& value) {
    return tensorboard_record(
        event_at(step, wall_time).message(event_field::summary, ProtobufMessage().message(1, value)).bytes());
}

ProtobufMessage plugin_metadata(std::string_view plugin, std::string_view content = {}) {
    ProtobufMessage data;
    data.text(1, plugin);
    if (!content.empty()) data.text(2, content);
    ProtobufMessage metadata;
    metadata.message(metadata_field::plugin_data, data).whole(metadata_field::data_class, class_tensor);
    return metadata;
}

/// A tensor without dimensions, as it is before its value.
ProtobufMessage scalar_tensor(std::int64_t type) {
    return ProtobufMessage().whole(tensor_field::type, type).message(tensor_field::shape, {});
}

std::string valid_utf8(const std::string& text) { return nlohmann::json::parse(json_line(text)).get<std::string>(); }

std::string text_record(std::int64_t step, double wall_time, std::string_view tag, const std::string& markdown) {
    ProtobufMessage value;
    value.text(value_field::tag, tag)
        .message(value_field::tensor, scalar_tensor(type_string).text(tensor_field::string_value, valid_utf8(markdown)))
        .message(value_field::metadata, plugin_metadata("text"));
    return summary_record(step, wall_time, value);
}

/// Markdown that shows the text as it is: every line is indented.
std::string verbatim(std::string_view text) {
    std::string block;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == 0 || text[i - 1] == '\n') block += "    ";
        block += text[i];
    }
    return block;
}

using Settings = std::vector<std::pair<std::string, ProtobufMessage>>;

/// A google.protobuf.Value; empty for lists and dates.
std::optional<ProtobufMessage> setting_value(const toml::node& node) {
    constexpr std::uint32_t number = 2, text = 3, boolean = 4;
    ProtobufMessage value;
    if (const auto* flag = node.as_boolean()) return value.whole(boolean, flag->get());
    if (node.is_number()) return value.number(number, node.value<double>().value_or(0));
    if (const auto* string = node.as_string()) return value.text(text, string->get());
    return std::nullopt;
}

void add_settings(Settings& settings, const std::string& prefix, const toml::table& table) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table())
            add_settings(settings, name + ".", *inner);
        else if (auto value = setting_value(node))
            settings.emplace_back(name, std::move(*value));
    }
}

/// Without tables, for a text that cannot be read.
toml::table experiment_table(const std::string& text) {
    try {
        return toml::parse(text);
    } catch (const toml::parse_error&) {
        return {};
    }
}

std::string hyperparameters_record(const RunDescription& run, std::int64_t step, double wall_time) {
    Settings settings;
    add_settings(settings, "", experiment_table(run.experiment));
    if (settings.empty()) return {};
    ProtobufMessage session;
    for (const auto& [name, value] : settings)
        session.message(session_field::hyperparameters, ProtobufMessage().text(1, name).message(2, value));
    session.number(session_field::start_time, wall_time);
    constexpr std::uint32_t session_start_info = 3;
    const ProtobufMessage content = ProtobufMessage().message(session_start_info, session);
    ProtobufMessage value;
    value.text(value_field::tag, "_hparams_/session_start_info")
        .message(value_field::tensor, scalar_tensor(type_float).single(tensor_field::float_value, 0))
        .message(value_field::metadata, plugin_metadata("hparams", content.bytes()));
    return summary_record(step, wall_time, value);
}

std::string run_table(const RunStarted& started) {
    const RunDescription& run = started.description;
    std::string table = "| | |\n|---|---|\n";
    const auto row = [&table](const char* name, const std::string& value) {
        if (!value.empty()) fmt::format_to(std::back_inserter(table), "| {} | {} |\n", name, value);
    };
    row("folder", started.folder);
    row("started", run.started_at);
    if (started.first_step > 0) row("goes on from step", std::to_string(started.first_step));
    row("WAV Lab", run.wavlab_version);
    row("commit", run.commit);
    row("LibTorch", run.torch_version);
    row("device", run.device);
    row("threads", std::to_string(run.threads));
    row("implementation", run.implementation);
    row("parameters", std::to_string(run.parameters));
    row("added by the method", std::to_string(run.added_parameters));
    row("data", run.data_source);
    row("SHA-256 of the data", run.data_sha256);
    for (const std::string& note : run.notes) row("note", note);
    return table;
}

/// Seconds since 1970 of "2026-01-02T03:04:05Z".
std::optional<double> seconds_of(const std::string& iso_time) {
    std::tm parts{};
    const char* end = ::strptime(iso_time.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (!end || *end != '\0') return std::nullopt;
    return static_cast<double>(::timegm(&parts));
}

}  // namespace

std::string tensorboard_record(std::string_view data) {
    std::string record;
    append_number(record, static_cast<std::uint64_t>(data.size()));
    append_number(record, masked_checksum(record));
    record += data;
    append_number(record, masked_checksum(data));
    return record;
}

std::string tensorboard_opening(std::int64_t first_step, double wall_time) {
    const ProtobufMessage version =
        ProtobufMessage().number(event_field::wall_time, wall_time).text(event_field::file_version, "brain.Event:2");
    const ProtobufMessage start =
        event_at(first_step, wall_time).message(event_field::session_log, ProtobufMessage().whole(1, session_start));
    return tensorboard_record(version.bytes()) + tensorboard_record(start.bytes());
}

std::int64_t first_new_step(const RunStarted& started) { return started.first_step > 0 ? started.first_step + 1 : 0; }

std::string TensorboardEvents::encode(const RunEvent& event, double wall_time) {
    return std::visit(
        [&](const auto& one) {
            if constexpr (requires { on(one, wall_time); })
                return on(one, wall_time);
            else
                return std::string();
        },
        event);
}

std::string TensorboardEvents::on(const RunStarted& started, double wall_time) {
    // At the first step that is new, so that another start from the same checkpoint takes them back too.
    const std::int64_t step = first_new_step(started);
    return text_record(step, wall_time, "experiment", verbatim(started.description.experiment)) +
           text_record(step, wall_time, "run", run_table(started)) +
           hyperparameters_record(started.description, step, wall_time);
}

std::string TensorboardEvents::on(const ScalarRecorded& scalar, double wall_time) {
    ProtobufMessage value;
    value.text(value_field::tag, scalar.name).single(value_field::simple_value, static_cast<float>(scalar.value));
    return summary_record(scalar.step, wall_time, value);
}

std::string TensorboardEvents::on(const SampleDrawn& sample, double wall_time) {
    const std::size_t number = prompts_.emplace(sample.prompt, prompts_.size() + 1).first->second;
    return text_record(sample.step, wall_time, "samples/" + std::to_string(number),
                       "**Prompt**\n\n" + verbatim(sample.prompt) + "\n\n**Text**\n\n" + verbatim(sample.text));
}

double RecordedTime::at(const RunEvent& event) {
    if (const auto* started = std::get_if<RunStarted>(&event)) {
        now_ = seconds_of(started->description.started_at).value_or(0);
        const toml::table experiment = experiment_table(started->description.experiment);
        tokens_per_step_ = 1;
        for (const char* key : {"train.batch", "train.accumulate", "model.context"})
            tokens_per_step_ *= experiment.at_path(key).value_or(0.0);
    } else if (const auto* scalar = std::get_if<ScalarRecorded>(&event)) {
        if (scalar->name == "train/tokens_per_second" && std::isfinite(scalar->value) && scalar->value > 0)
            now_ += tokens_per_step_ / scalar->value;
    }
    return now_;
}

}  // namespace wavlab
