// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/table_run.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/number_text.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/statistics.h"
#include "core/sweep_runs.h"

namespace wavlab {

namespace {

std::optional<TableRun::Value> last_of(const ScalarSeries& series) {
    if (series.steps.empty()) return std::nullopt;
    return TableRun::Value{std::int64_t(series.steps.back()), series.values.back()};
}

std::optional<TableRun::Value> value_at(const ScalarSeries& series, double step) {
    const auto place = std::lower_bound(series.steps.begin(), series.steps.end(), step);
    if (place == series.steps.end() || *place != step) return std::nullopt;
    return TableRun::Value{std::int64_t(step), series.values[std::size_t(place - series.steps.begin())]};
}

std::optional<double> best_step(const ScalarSeries* losses) {
    if (!losses) return std::nullopt;
    const std::optional<double> best = losses->smallest_finite();
    const auto place = best ? std::find(losses->values.begin(), losses->values.end(), *best) : losses->values.end();
    if (place == losses->values.end()) return std::nullopt;
    return losses->steps[std::size_t(place - losses->values.begin())];
}

}  // namespace

TableMoment parse_table_moment(std::string_view text) {
    if (text == "last") return {};
    if (text == "best") return {TableMoment::Kind::best, 0};
    const std::optional<std::int64_t> step = parse_whole_number(text);
    if (!step || *step < 0)
        throw InputError("--at: '" + std::string(text) + "' is not known; allowed are last, best or a step from 0");
    return {TableMoment::Kind::step, *step};
}

std::string to_string(const TableMoment& moment) {
    if (moment.kind == TableMoment::Kind::step) return "step " + std::to_string(moment.step);
    return moment.kind == TableMoment::Kind::best ? "best" : "last";
}

TableRun read_table_run(const RunRecord& record, const std::vector<std::string>& values, const TableMoment& moment,
                        bool costs) {
    TableRun run;
    run.name = record.name();
    run.experiment = record.experiment();
    run.description = record.description();
    run.earlier_starts = record.earlier_starts();
    run.state = record.state();
    run.ended_early = run.state != RunState::finished && ended_early_reason({record.folder()}).has_value();
    run.step = record.step();
    run.total_steps = record.total_steps();
    std::optional<double> step;
    if (moment.kind == TableMoment::Kind::best) step = best_step(record.scalars("val/loss"));
    if (moment.kind == TableMoment::Kind::step) step = double(moment.step);
    for (const std::string& name : values) {
        const ScalarSeries* series = record.scalars(name);
        if (!series) continue;
        std::optional<TableRun::Value> value;
        if (moment.kind == TableMoment::Kind::last) value = last_of(*series);
        if (step) value = value_at(*series, *step);
        if (value) run.values.emplace(name, *value);
    }
    if (!costs) return run;
    if (const ScalarSeries* speed = record.scalars("train/tokens_per_second"))
        run.tokens_per_second = quantile(speed->values, 0.5);
    if (const ScalarSeries* memory = record.scalars("train/memory_bytes"))
        if (const auto range = finite_range(memory->values)) run.memory_bytes = range->second;
    return run;
}

}  // namespace wavlab
