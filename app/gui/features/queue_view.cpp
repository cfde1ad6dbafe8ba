// SPDX-License-Identifier: GPL-3.0-or-later
// What the window shows of the queue: its rows, its actions, the results of its sweeps.
#include <algorithm>

#include "app/gui/features/queue.h"
#include "app/gui/main_window.h"
#include "app/queue/queue_runner.h"
#include "core/run_queue.h"
#include "views/action_registry.h"
#include "views/quantity_text.h"
#include "views/queue_model.h"
#include "views/queue_panel.h"
#include "views/runs_model.h"

namespace wavlab {

namespace {

QString qstring(const std::string& text) { return QString::fromStdString(text); }

}  // namespace

QueueRow QueueFeature::row_of(const QueuedRun& run, bool busy) const {
    QueueRow row;
    row.id = qstring(run.id);
    row.name = qstring(run.folder.empty() ? run.name : run.folder.filename().string());
    row.sweep = qstring(run.sweep);
    row.settings = qstring(settings_text(run.settings));
    row.reason = qstring(run.reason);
    row.folder = run.folder;
    row.state = run.state;
    if (row.state == QueueState::running && !busy) row.state = QueueState::waiting;
    row.begun = !run.folder.empty();
    if (!runner_) return row;
    row.total_steps = runner_->total_steps(run);
    row.validation_loss = runner_->last_loss(run.id);
    if (const auto progress = runner_->progress(run.id)) {
        row.step = progress->step;
        row.device = qstring(progress->device);
    } else if (!run.folder.empty()) {
        const RunsModel::Row* known = window_.runs_model().find(run.folder);
        if (known) row.step = known->summary.step;
        if (known && !row.validation_loss) row.validation_loss = known->summary.validation_loss;
    }
    if (row.state == QueueState::finished) row.step = row.total_steps;
    return row;
}

void QueueFeature::show_queue() {
    if (!panel_) return;
    if (!queue_) {
        panel_->set_notice(problem_);
        return;
    }
    const bool busy = is_working() || queue_->held_by_other();
    std::vector<QueueRow> rows;
    for (const QueuedRun& run : queue_->runs()) rows.push_back(row_of(run, busy));
    const bool differs = rows != model_->rows();
    model_->set_movable(change_obstacle().isEmpty());
    model_->set_rows(rows);
    panel_->set_summary(summary());
    panel_->set_notice(notice());
    if (!differs) return;
    if (panel_->selected().isEmpty()) panel_->show_running();
    refresh_actions();
    emit changed();
}

QString QueueFeature::summary() const {
    const std::size_t all = queue_->runs().size();
    if (all == 0) return {};
    QString text = tr("%1 of %2 over").arg(all - waiting()).arg(all);
    if (!is_working()) return text;
    if (runner_->is_pausing()) return text + tr(", saving");
    if (const std::optional<double> left = runner_->seconds_left())
        text += tr(", about %1 left").arg(duration_text(*left));
    return text;
}

QString QueueFeature::notice() const {
    if (!problem_.isEmpty()) return problem_;
    if (const auto other = queue_->held_by_other())
        return tr("This queue is being worked through by %1. It can be changed when that has ended.")
            .arg(qstring(*other));
    return {};
}

void QueueFeature::refresh_actions() {
    ActionRegistry& actions = window_.actions();
    const bool working = is_working();
    const auto name = [&](const QString& text, const char* icon, const QString& help) {
        actions.set_text(QStringLiteral("queue.work"), text, QLatin1String(icon), help);
    };
    if (working)
        name(tr("&Pause queue"), "pause",
             tr("Stops the run that goes with its state saved; nothing is lost, and it goes on from there."));
    else
        name(tr("&Start queue"), "start", tr("Trains the runs of the queue, one after another."));
    const QString fixed = change_obstacle();
    QString obstacle = fixed;
    if (obstacle.isEmpty() && working && runner_->is_pausing()) obstacle = tr("The run's state is being saved.");
    if (obstacle.isEmpty() && !working) {
        if (waiting() == 0)
            obstacle = tr("No run waits in the queue.");
        else if (window_.session().is_running())
            obstacle = tr("A run of this window is going. Stop it first, or let it end.");
    }
    actions.set_obstacle(QStringLiteral("queue.work"), obstacle);

    const QStringList selected = panel_ ? panel_->selected() : QStringList();
    QString none = fixed;
    if (none.isEmpty() && selected.isEmpty()) none = tr("Select a run of the queue first.");
    bool all_wait = true;
    bool some_run = false;
    for (const QString& id : selected) {
        const QueuedRun* run = queue_ ? queue_->find(id.toStdString()) : nullptr;
        all_wait = all_wait && run && run->state == QueueState::waiting;
        some_run = some_run || (run && run->state == QueueState::running && working);
    }
    const QString no_move = none.isEmpty() && !all_wait ? tr("Only runs that wait have a place in the order.") : none;
    actions.set_obstacle(QStringLiteral("queue.up"), no_move);
    actions.set_obstacle(QStringLiteral("queue.down"), no_move);
    actions.set_obstacle(QStringLiteral("queue.remove"),
                         none.isEmpty() && some_run ? tr("It is running. Pause the queue first.") : none);
    const bool any_over = queue_ && waiting() < queue_->runs().size();
    actions.set_obstacle(QStringLiteral("queue.clear"),
                         fixed.isEmpty() && !any_over ? tr("Nothing in the queue is over.") : fixed);
    actions.set_obstacle(QStringLiteral("queue.stop_early"), fixed);
}

QStringList QueueFeature::sweeps() const {
    QStringList names;
    if (!queue_) return names;
    for (const auto* runs : {&queue_->cleared(), &queue_->runs()})
        for (const QueuedRun& run : *runs)
            if (!run.sweep.empty() && !names.contains(qstring(run.sweep))) names.append(qstring(run.sweep));
    return names;
}

LossUnit QueueFeature::unit(const QString& sweep) const {
    if (queue_)
        for (const auto* runs : {&queue_->cleared(), &queue_->runs()})
            for (const QueuedRun& run : *runs)
                if (qstring(run.sweep) == sweep && chooses_tokens(run.settings)) return LossUnit::bits_per_character;
    return LossUnit::nats_per_token;
}

std::vector<SweepOutcome> QueueFeature::outcomes(const QString& sweep) const {
    std::vector<SweepOutcome> outcomes;
    if (!queue_) return outcomes;
    const bool in_nats = unit(sweep) == LossUnit::nats_per_token;
    const auto last_loss = [&](const RunSummary& run) {
        return in_nats ? run.validation_loss : run.last_bits_per_character;
    };
    for (const QueuedRun& run : queue_->cleared()) {
        const RunsModel::Row* known =
            run.sweep == sweep.toStdString() ? window_.runs_model().find(run.folder) : nullptr;
        if (known) outcomes.push_back(outcome_of(run, last_loss(known->summary)));
    }
    for (const QueueRow& row : model_->rows()) {
        const QueuedRun* run = row.sweep == sweep ? queue_->find(row.id.toStdString()) : nullptr;
        if (!run) continue;
        const RunsModel::Row* known = in_nats ? nullptr : window_.runs_model().find(run->folder);
        outcomes.push_back(outcome_of(*run, known     ? last_loss(known->summary)
                                            : in_nats ? row.validation_loss
                                                      : std::nullopt));
        if (row.state != run->state) outcomes.back().state = row.state;  // nobody works on it
    }
    return outcomes;
}

}  // namespace wavlab
