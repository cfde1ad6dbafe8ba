// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/run_summary.h"

#include <utility>

#include "core/experiment.h"
#include "core/loss_unit.h"
#include "core/run_digest.h"
#include "core/run_folder.h"
#include "core/run_record.h"

namespace wavlab {

namespace {

/// One that is there still. The newest is looked for first: it is the last that goes.
bool has_checkpoint(const RunRecord& record) {
    if (record.checkpoints().empty()) return false;
    std::error_code error;
    const std::filesystem::path newest = record.folder() / record.checkpoints().back().folder;
    return std::filesystem::exists(newest, error) || !list_checkpoints(RunFolder{record.folder()}).empty();
}

/// The best loss in units that do not depend on the tokenizer.
void set_bits(RunSummary& summary, const RunDescription& description) {
    const std::optional<double> loss = summary.best_validation_loss;
    summary.bits_per_character = loss_in(LossUnit::bits_per_character, loss, description);
    summary.last_bits_per_character = loss_in(LossUnit::bits_per_character, summary.validation_loss, description);
    summary.bits_per_byte = loss_in(LossUnit::bits_per_byte, loss, description);
}

}  // namespace

RunSummary summarise(const RunRecord& record, bool alive) {
    RunSummary summary;
    summary.folder = record.folder();
    summary.name = record.name();
    summary.method = record.experiment().model.method;
    summary.layers = record.experiment().model.layers;
    summary.dataset = record.experiment().data.dataset;
    summary.state = record.state();
    const bool goes_on = summary.state == RunState::running || summary.state == RunState::paused;
    if (goes_on && !alive) summary.state = RunState::interrupted;
    summary.reason = record.reason();
    summary.step = record.step();
    summary.total_steps = record.total_steps();
    const auto last = [&](const char* name) -> std::optional<double> {
        const ScalarSeries* series = record.scalars(name);
        return series ? series->last() : std::nullopt;
    };
    summary.train_loss = last("train/loss");
    summary.validation_loss = last("val/loss");
    if (const ScalarSeries* series = record.scalars("val/loss"))
        summary.best_validation_loss = series->smallest_finite();
    set_bits(summary, record.description());
    summary.tokens_per_second = last("train/tokens_per_second");
    summary.started_at = record.description().started_at;
    summary.has_checkpoint = has_checkpoint(record);
    summary.alive = alive;
    return summary;
}

RunSummary summarise(const RunDigest& digest) {
    RunSummary summary;
    summary.folder = digest.folder;
    summary.name = digest.name;
    summary.method = digest.method;
    summary.layers = digest.layers;
    summary.dataset = digest.dataset;
    summary.state = digest.state;
    summary.reason = digest.reason;
    summary.step = digest.step;
    summary.total_steps = digest.total_steps;
    summary.train_loss = digest.train_loss;
    summary.validation_loss = digest.validation_loss;
    summary.best_validation_loss = digest.best_validation_loss;
    set_bits(summary, digest.description);
    summary.tokens_per_second = digest.tokens_per_second;
    summary.started_at = digest.description.started_at;
    summary.has_checkpoint = digest.has_checkpoint && !list_checkpoints(RunFolder{digest.folder}).empty();
    summary.alive = digest.alive;
    summary.options = std::make_shared<OptionValues>(digest.options);
    return summary;
}

std::shared_ptr<const OptionValues> options_of(const Experiment& experiment) {
    static const std::vector<ExperimentField> fields = experiment_fields();
    auto values = std::make_shared<OptionValues>();
    for (const ExperimentField& field : fields)
        if (!field.table.empty() || field.option.key == "seed") (*values)[field.dotted_key()] = field.get(experiment);
    for (const auto& [key, value] : experiment.method) (*values)["method." + key] = value;
    return values;
}

bool is_resumable(const RunSummary& summary) {
    return !summary.alive && summary.state != RunState::finished && summary.state != RunState::diverged;
}

}  // namespace wavlab
