// SPDX-License-Identifier: GPL-3.0-or-later
// What takes its time with checkpoints: evaluating, writing and removing them.
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "app/gui/features/checkpoints.h"
#include "app/gui/file_choice.h"
#include "app/gui/main_window.h"
#include "app/gui/run_library.h"
#include "app/gui/settings.h"
#include "core/checkpoint_evaluations.h"
#include "core/checkpoint_list.h"
#include "core/error.h"
#include "core/run_record.h"
#include "model/model_library.h"
#include "views/action_registry.h"
#include "views/checkpoints_model.h"
#include "views/checkpoints_panel.h"
#include "views/quantity_text.h"
#include "views/question.h"
#include "views/runs_model.h"

namespace wavlab {

struct CheckpointsFeature::Evaluation {
    CheckpointFolder checkpoint;
    QString title;      ///< "step 300 of wav-12"
    std::string model;  ///< which model is evaluated: model_identity
    EvaluateRequest request;
    std::stop_source stop;
    std::atomic<std::int64_t> done{0};
    std::atomic<std::int64_t> total{0};
    std::mutex mutex;  ///< of what follows
    bool over = false;
    EvaluationResult result;
    std::string problem;
};

void CheckpointsFeature::evaluate() {
    const std::vector<CheckpointFolder> selected = panel_->selected();
    const std::shared_ptr<RunRecord> record = focused_record();
    if (selected.empty() || !record) return;
    const Experiment& experiment = record->experiment();
    const std::int64_t context = std::max<std::int64_t>(1, experiment.model.context);
    const std::int64_t whole = record->description().validation_tokens / context;
    const QString run = QString::fromStdString(record->name());
    const QString what = selected.size() == 1 ? tr("step %1 of %2").arg(count_text(double(selected.front().step)), run)
                                              : tr("%1 checkpoints of %2").arg(selected.size()).arg(run);
    auto* dialog = new EvaluateDialog(what, experiment.train.eval_windows, whole, context, &window_);
    if (window_.session().is_running())
        dialog->set_notice(tr("A run is going. Evaluating changes nothing of it, but both are slower meanwhile."));
    connect(dialog, &EvaluateDialog::file_wanted, this, [this, dialog] {
        const FileChoice choice{QStringLiteral("text"), QStringLiteral("evaluate"), tr("Choose a text file"),
                                tr("Text (*.txt);;All files (*)")};
        choose_file(window_, dialog, choice,
                    [dialog](const std::filesystem::path& file) { dialog->set_file(to_qstring(file)); });
    });
    connect(dialog, &QDialog::accepted, this, [this, dialog, selected] { evaluate_on(selected, dialog->choice()); });
    dialog->open();
}

void CheckpointsFeature::evaluate_on(const std::vector<CheckpointFolder>& checkpoints, const EvaluateChoice& choice) {
    for (const CheckpointFolder& checkpoint : checkpoints) {
        const std::filesystem::path run = checkpoint.path.parent_path().parent_path();
        const auto evaluation = std::make_shared<Evaluation>();
        evaluation->checkpoint = checkpoint;
        evaluation->title = tr("step %1 of %2").arg(count_text(double(checkpoint.step)), to_qstring(run.filename()));
        EvaluateRequest& request = evaluation->request;
        request.checkpoint = checkpoint.model();
        request.text = choice.text;
        request.base_folder = run;
        request.windows = choice.windows;
        request.stop = evaluation->stop.get_token();
        // Not the shared pointer: the request would keep itself alive.
        request.on_progress = [told = evaluation.get()](std::int64_t done, std::int64_t total) {
            told->total = total;
            told->done = done;
        };
        waiting_.push_back(evaluation);
        model_->set_evaluation(checkpoint.path, {});
    }
    if (!evaluation_) next_evaluation();
}

void CheckpointsFeature::next_evaluation() {
    evaluation_.reset();
    ModelLibrary* library = window_.session().library();
    if (waiting_.empty() || !library) {
        poll_timer_.stop();
        panel_->hide_progress();
        return;
    }
    evaluation_ = waiting_.front();
    waiting_.pop_front();
    evaluation_->model = model_identity(evaluation_->checkpoint.model());
    worker_.submit([library, evaluation = evaluation_](std::stop_token thread_stop) {
        const std::stop_callback leave(thread_stop, [&] { evaluation->stop.request_stop(); });
        EvaluationResult result;
        std::string problem;
        try {
            result = library->evaluate(evaluation->request);
        } catch (const std::exception& error) {
            problem = error.what();
        }
        const std::lock_guard lock(evaluation->mutex);
        evaluation->result = std::move(result);
        evaluation->problem = std::move(problem);
        evaluation->over = true;
    });
    poll_timer_.start();
    poll_evaluation();
}

void CheckpointsFeature::poll_evaluation() {
    if (!evaluation_) return;
    CheckpointEvaluation shown;
    shown.state = CheckpointEvaluation::State::running;
    shown.done = evaluation_->done;
    shown.total = evaluation_->total;
    bool over = false;
    EvaluationResult result;
    {
        const std::lock_guard lock(evaluation_->mutex);
        over = evaluation_->over;
        result = evaluation_->result;
        shown.problem = QString::fromStdString(evaluation_->problem);
    }
    const std::filesystem::path path = evaluation_->checkpoint.path;
    if (!over) {
        model_->set_evaluation(path, shown);
        panel_->show_progress(tr("Evaluating %1: %2").arg(evaluation_->title, evaluation_text(shown)), shown.done,
                              shown.total);
        return;
    }
    if (!shown.problem.isEmpty()) {
        shown.state = CheckpointEvaluation::State::failed;
        window_.show_problem(tr("Evaluating %1: %2").arg(evaluation_->title, shown.problem));
    } else if (result.cancelled) {
        model_->remove_evaluation(path);
        next_evaluation();
        return;
    } else {
        shown.state = CheckpointEvaluation::State::done;
        shown.loss = result.loss;
        shown.windows = result.windows;
        shown.tokens = result.tokens;
        shown.source = QString::fromStdString(result.source);
        shown.device = QString::fromStdString(result.device);
        keep_evaluation(*evaluation_, shown);
        window_.show_information(
            tr("Loss of %1, in nats per token: %2").arg(evaluation_->title, evaluation_text(shown)));
    }
    model_->set_evaluation(path, shown);
    next_evaluation();
}

/// In the run's folder, so that it is there after a restart.
void CheckpointsFeature::keep_evaluation(const Evaluation& evaluation, const CheckpointEvaluation& found) {
    const RecordedEvaluation recorded{
        evaluation.checkpoint.step, evaluation.model,          found.loss, found.windows, found.tokens,
        found.source.toStdString(), found.device.toStdString()};
    const RunFolder run{evaluation.checkpoint.path.parent_path().parent_path()};
    if (!is_run_folder(run.path)) return;  // deleted meanwhile
    files_.submit([this, run, recorded](std::stop_token) {
        const QString problem = failure_of([&] { record_evaluation(run, recorded); });
        if (!problem.isEmpty())
            post(this, [this, problem] {
                window_.show_problem(tr("The evaluation is shown, but cannot be kept: %1").arg(problem));
            });
    });
}

/// What was found before this start of the program, of the models that are there still.
void CheckpointsFeature::read_kept_evaluations() {
    const RunFolder run{model_->run()};
    std::error_code missing;
    const auto time = std::filesystem::last_write_time(run.path / "evaluations.json", missing);
    if (missing || (run.path == evaluations_of_ && time == evaluations_time_)) return;
    evaluations_of_ = run.path;
    evaluations_time_ = time;
    std::vector<RecordedEvaluation> all;
    const QString problem = failure_of([&] { all = read_evaluations(run); });
    if (!problem.isEmpty()) window_.show_information(problem);
    // The newest of each checkpoint is what the list shows.
    std::map<std::int64_t, const RecordedEvaluation*> newest;
    for (const RecordedEvaluation& one : all) newest[one.step] = &one;
    for (const CheckpointSummary& row : model_->rows()) {
        const auto found = newest.find(row.folder.step);
        const CheckpointEvaluation* known = model_->evaluation(row.folder.path);
        if (known || found == newest.end()) continue;
        const RecordedEvaluation& one = *found->second;
        if (one.model != model_identity(row.folder.model())) continue;  // trained again meanwhile
        CheckpointEvaluation shown;
        shown.state = CheckpointEvaluation::State::done;
        shown.loss = one.loss;
        shown.windows = one.windows;
        shown.tokens = one.tokens;
        shown.source = QString::fromStdString(one.source);
        shown.device = QString::fromStdString(one.device);
        model_->set_evaluation(row.folder.path, shown);
    }
}

void CheckpointsFeature::cancel_evaluations() {
    for (const auto& evaluation : waiting_) model_->remove_evaluation(evaluation->checkpoint.path);
    waiting_.clear();
    if (evaluation_) evaluation_->stop.request_stop();
}

void CheckpointsFeature::export_file() {
    const std::vector<CheckpointFolder> selected = panel_->selected();
    if (selected.size() != 1) return;
    choose_checkpoint_export(window_, RunFolder{model_->run()}, std::to_string(selected.front().step));
}

QString CheckpointsFeature::delete_question(const std::vector<CheckpointFolder>& doomed,
                                            const RunSummary& summary) const {
    std::uintmax_t bytes = 0;
    const CheckpointSummary* left = nullptr;  // the newest that stays
    bool best = false;
    bool last = false;
    for (const CheckpointSummary& one : model_->rows()) {
        const bool goes = std::any_of(doomed.begin(), doomed.end(),
                                      [&](const CheckpointFolder& folder) { return folder.step == one.folder.step; });
        if (!goes) {
            left = &one;
            continue;
        }
        bytes += one.bytes;
        best |= one.best;
        last |= one.last;
    }
    const QString run = QString::fromStdString(summary.name);
    QString text = doomed.size() == 1
                       ? tr("The checkpoint of step %1 of '%2' (%3) is removed. This cannot be undone.")
                             .arg(count_text(double(doomed.front().step)), run, bytes_text(double(bytes)))
                       : tr("%1 checkpoints of '%2' (%3) are removed. This cannot be undone.")
                             .arg(doomed.size())
                             .arg(run, bytes_text(double(bytes)));
    if (best)
        text += QLatin1Char(' ') + (doomed.size() == 1 ? tr("It has the lowest validation loss of all.")
                                                       : tr("The one with the lowest validation loss is among them."));
    const auto* row = window_.runs_model().find(summary.folder);
    const bool has_origin = row && row->record && row->record->description().origin;
    QString meaning;
    if (!left && !is_resumable(summary))
        meaning = tr("No other is left: the run keeps its curves, but its model is gone.");
    else if (!left && has_origin)
        meaning =
            tr("No other is left: the run cannot be resumed any more, because it did not begin with the weights "
               "of its seed.");
    else if (!left)
        meaning = tr("No other is left: Resume would begin this run again at step 0.");
    else if (last && is_resumable(summary))
        meaning =
            tr("Resume goes on from the last checkpoint. It would then go on from step %1, and train the %2 "
               "steps after it again.")
                .arg(count_text(double(left->folder.step)), count_text(double(doomed.back().step - left->folder.step)));
    if (!meaning.isEmpty()) text += QStringLiteral("\n\n") + meaning;
    return text;
}

void CheckpointsFeature::ask_delete() {
    const std::vector<CheckpointFolder> doomed = panel_->selected();
    const RunsModel::Row* row = window_.runs_model().find(model_->run());
    if (doomed.empty() || !row) return;
    const bool goes = row->summary.alive;
    ask(&window_, QStringLiteral("delete_checkpoint_question"),
        doomed.size() == 1 ? tr("Delete the checkpoint?") : tr("Delete the checkpoints?"),
        delete_question(doomed, row->summary),
        {{tr("Delete"), [this, doomed, goes] { delete_now(doomed, !goes); }, true, false}});
}

void CheckpointsFeature::delete_now(const std::vector<CheckpointFolder>& doomed, bool lock) {
    files_.submit([this, doomed, lock, run = doomed.front().path.parent_path().parent_path()](std::stop_token) {
        const QString problem = failure_of([&] {
            // Nobody may begin to resume from what is being removed.
            const std::optional<RunLock> held = lock ? std::optional<RunLock>(RunLock(RunFolder{run})) : std::nullopt;
            const std::vector<CheckpointFolder> there = list_checkpoints(RunFolder{run});
            for (const CheckpointFolder& one : doomed) {
                if (!lock && !there.empty() && one.step == there.back().step)
                    throw InputError("the newest checkpoint of a run that goes stays; the others were removed");
                remove_checkpoint(one);
            }
        });
        post(this, [this, doomed, problem] {
            for (const CheckpointFolder& one : doomed) {
                std::error_code error;
                if (!std::filesystem::exists(one.path, error)) model_->remove_evaluation(one.path);
            }
            if (problem.isEmpty())
                window_.show_information(doomed.size() == 1 ? tr("Deleted the checkpoint.")
                                                            : tr("Deleted %1 checkpoints.").arg(doomed.size()));
            else
                window_.show_problem(problem);
            window_.library().sum_up(doomed.front().path.parent_path().parent_path());
            refresh();
            window_.refresh_actions();
        });
    });
}

}  // namespace wavlab
