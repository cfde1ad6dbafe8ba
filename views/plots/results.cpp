// SPDX-License-Identifier: GPL-3.0-or-later
// The end results of runs: what is computed of them.
#include <algorithm>
#include <cmath>

#include <QComboBox>

#include "core/error.h"
#include "core/method.h"
#include "core/run_groups.h"
#include "core/translatable.h"
#include "views/method_style.h"
#include "views/option_label.h"
#include "views/plots/results_plot.h"

namespace wavlab {

namespace {

constexpr const char* method_key = "model.method";

/// What of a run its results depend on. Speed and memory, which are of every step, are looked at for `costs` only.
std::vector<double> signature_of(const RunRecord& record, const TableMoment& moment, bool costs) {
    std::vector<double> signature{double(moment.kind), double(record.state()),
                                  double(record.description().experiment.size()),
                                  double(record.description().added_parameters), double(costs)};
    if (record.state() != RunState::finished) return signature;
    std::vector<const char*> names{"val/loss"};
    if (costs) names = {"train/tokens_per_second", "train/memory_bytes"};
    for (const char* name : names)
        if (const ScalarSeries* series = record.scalars(name)) {
            signature.push_back(double(series->steps.size()));
            signature.push_back(series->last().value_or(0));
        }
    return signature;
}

/// Equal, not finite values included.
bool same(const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

}  // namespace

// ---- From runs to results

TableMoment ResultsPlot::moment() const {
    TableMoment moment;
    if (at_->currentData().toString() == QLatin1String("best")) moment.kind = TableMoment::Kind::best;
    return moment;
}

bool ResultsPlot::read_runs() const {
    const TableMoment moment = this->moment();
    const bool costs = quantity() == ResultQuantity::speed || quantity() == ResultQuantity::memory;
    std::vector<KeptRun> known = std::exchange(kept_, {});
    bool changed = false;
    for (const DrawnRun& drawn : runs()) {
        if (drawn.record->description().experiment.empty()) continue;  // it has not begun
        std::vector<double> signature = signature_of(*drawn.record, moment, costs);
        const auto found = std::find_if(known.begin(), known.end(), [&](const KeptRun& kept) {
            return kept.record == drawn.record && same(kept.signature, signature);
        });
        if (found != known.end()) {
            kept_.push_back(std::move(*found));
            found->record = nullptr;
            continue;
        }
        changed = true;
        kept_.push_back(
            {drawn.record, std::move(signature), read_table_run(*drawn.record, {"val/loss"}, moment, costs)});
    }
    return changed ||
           std::any_of(known.begin(), known.end(), [](const KeptRun& kept) { return kept.record != nullptr; });
}

const ResultCurves& ResultsPlot::results() const {
    if (!read_runs() && !stale_) return curves_;
    stale_ = false;
    ++version_;
    problem_.clear();
    curves_ = {};
    if (kept_.empty()) return curves_;
    std::vector<TableRun> runs;
    for (const KeptRun& kept : kept_) runs.push_back(kept.run);
    ResultRequest request;
    request.x = x_wanted_;
    request.lines = line_keys();
    request.quantity = quantity();
    request.moment = moment();
    if (of_losses()) request.unit = parse_loss_unit(unit_->currentData().toString().toStdString());
    request.baseline = baseline_wanted_;
    try {
        try {
            curves_ = result_curves(runs, request);
        } catch (const InputError&) {
            // In the window the baseline of other runs gives way; a figure is what was asked for, or none.
            if (request.baseline.empty() || style().print) throw;
            request.baseline.clear();
            curves_ = result_curves(std::move(runs), request);
        }
    } catch (const InputError& error) {
        problem_ = QString::fromStdString(error.what());
    }
    return curves_;
}

void ResultsPlot::forget() { stale_ = true; }

QStringList ResultsPlot::notes() const {
    QStringList notes;
    for (const std::string& note : results().notes) notes.append(QString::fromStdString(note));
    return notes;
}

std::vector<std::int64_t> ResultsPlot::shown_steps(const DrawnRun& run) const {
    const auto kept = std::find_if(kept_.begin(), kept_.end(),
                                   [&](const KeptRun& one) { return one.record == run.record && one.run.counts(); });
    if (kept == kept_.end() || quantity() == ResultQuantity::parameters) return {};
    if (!of_losses()) return {kept->run.step};  // speed and memory are of every step
    const auto value = kept->run.values.find("val/loss");
    return value == kept->run.values.end() ? std::vector<std::int64_t>() : std::vector{value->second.step};
}

QString ResultsPlot::invitation() const {
    return tr(
        "The results of finished runs by depth and method appear here: validation loss, the difference to a "
        "baseline, and what it costs. Press Start.");
}

QString ResultsPlot::problem_of(const RunRecord& record) const {
    const ResultCurves& found = results();
    if (!published_problem_.isEmpty()) return published_problem_;
    if (!problem_.isEmpty()) return problem_;
    if (!found.positions.empty()) return {};
    const QString x = option_label(x_wanted_);
    const bool none_finished = found.unfinished == found.table.runs.size();
    if (found.without_unit > 0 && none_finished)
        return tr("The tokens of the finished runs do not give their text back, or they were made by an older version, "
                  "so their losses in %1 are not known.")
            .arg(unit_->currentText());
    if (kept_.size() <= 1 && none_finished)
        return tr("The run '%1' is not finished; results are those of finished runs.")
            .arg(QString::fromStdString(record.name()));
    if (none_finished) return tr("None of these runs is finished; results are those of finished runs.");
    const bool any_line =
        std::any_of(found.curves.begin(), found.curves.end(), [](const ResultCurve& curve) { return !curve.empty(); });
    if (any_line) return tr("None of the finished runs has the setting %1.").arg(x);
    if (quantity() == ResultQuantity::difference)
        return tr("No finished run can be compared: there is no run of the baseline with the same seed and the same "
                  "value of %1.")
            .arg(x);
    return quantity() == ResultQuantity::loss ? tr("The finished runs have no validation loss.")
                                              : tr("The finished runs have not recorded this.");
}

void ResultsPlot::rebuild() {
    update_choices();
    results();
    update_baselines();
    choose_lines();
    chart().clearPlottables();
    for (QCPItemText* label : std::exchange(labels_, {})) chart().removeItem(label);
    set_up_axes();
    add_lines();
    add_published();
    set_up_references();
    set_up_legend();
    drawn_version_ = version_;
}

void ResultsPlot::refresh(const RecordChanges&) {
    results();
    if (version_ != drawn_version_) rebuild();
}

void ResultsPlot::choose_lines() {
    const std::vector<std::string>& keys = curves_.table.row_keys;
    const bool by_method = keys == std::vector<std::string>{method_key};
    lines_.clear();
    int index = by_method ? known_methods : 0;
    for (const ResultCurve& curve : curves_.curves) {
        Line line{curve, index, line_label(keys, curve.values)};
        if (by_method && method_style(curve.values.front()) < known_methods)
            line.style_index = method_style(curve.values.front());
        else
            ++index;  // lines without results keep their place too
        if (!curve.empty()) lines_.push_back(std::move(line));
    }
    if (!by_method) return;
    const auto order = [](const Line& line) {
        const MethodDescriptor* method = MethodRegistry::find(line.curve.values.front());
        return method ? method->order : 1'000'000;
    };
    std::stable_sort(lines_.begin(), lines_.end(), [&](const Line& a, const Line& b) { return order(a) < order(b); });
}

QString ResultsPlot::line_label(const std::vector<std::string>& keys, const std::vector<std::string>& values) const {
    QStringList texts;
    for (std::size_t i = 0; i < keys.size() && i < values.size(); ++i) {
        const QString name = QString::fromStdString(keys[i].substr(keys[i].find('.') + 1));
        const QString value = QString::fromStdString(values[i]);
        if (keys[i] == method_key)
            texts << method_title(values[i]);
        else if (keys[i] == "data.dataset")
            texts << (value.startsWith(QLatin1String("file:")) ? value.section(QLatin1Char('/'), -1) : value);
        else if (value.isEmpty() && keys.size() == 1)
            texts << tr("no %1", "a setting").arg(name);
        else if (!value.isEmpty())  // else the method has no such option
            texts << QStringLiteral("%1 = %2").arg(name, value);
    }
    return texts.join(QStringLiteral(", "));
}

namespace {

const Registration<PlotDescriptor> registration{{
    .id = "results",
    .order = 6,
    .title = WAVLAB_TEXT("Results"),
    .help = WAVLAB_TEXT(
        "The end results of the ticked runs that are finished, by one numeric setting (depth), one line for each "
        "method or for each value of another setting: the cells of wavlab table as a picture.\n"
        "Loss: the validation loss at the last step, or at the best one; the mean over seeds. Difference: the mean of "
        "the differences to the baseline's run with the same seed and position; below zero, the line is better. "
        "Parameters: what the method adds. Speed: the median over a run's steps. Memory: the most of a run.\n"
        "Bars: the standard deviation over seeds (n - 1), or the 95 % interval of the mean, by Student's t, of "
        "differences by 10,000 bootstrap resamples of the pairs, which is too narrow for fewer than six. Lines with "
        "bars "
        "stand side by side so that each is seen; their values are those of the position. Stars are published figures, "
        "not results of these runs.\n"
        "Drag to move, turn the wheel to zoom, double click to see everything."),
    .height_ratio = 0.66,
    .beside = "loss",
    .several_runs = true,
    .quantities = {"loss", "difference", "parameters", "speed", "memory"},
    .names_methods = true,
    .make = [](QWidget* parent) -> Plot* { return new ResultsPlot(parent); },
}};

}  // namespace

}  // namespace wavlab
