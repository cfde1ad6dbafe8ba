// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include <QTimer>

#include "app/gui/background_worker.h"
#include "app/gui/window_feature.h"
#include "core/run_folder.h"
#include "views/checkpoint_comparison_view.h"
#include "views/evaluate_dialog.h"

namespace wavlab {

class CheckpointsModel;
struct CheckpointEvaluation;
class CheckpointsPanel;
class RunRecord;
struct RunSummary;

/// The checkpoints of the focused run as a list, and what can be done with them.
class CheckpointsFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit CheckpointsFeature(MainWindow& window);
    ~CheckpointsFeature() override;

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;

    CheckpointsModel& model() { return *model_; }
    CheckpointsPanel& panel() { return *panel_; }
    /// The model file of the selected checkpoint (the newest of several), else of the focused run's last; empty where
    /// there is none.
    std::filesystem::path selected_or_last_model() const;
    /// Reads again which checkpoints there are.
    void refresh();
    /// Nothing is being evaluated, compared, written or removed.
    bool idle() const {
        return !evaluation_ && waiting_.empty() && worker_.idle() && comparing_.idle() && files_.idle();
    }

private:
    /// One evaluation: what is asked for, and what the thread that makes it has to say.
    struct Evaluation;

    void add_action(const QString& id, const QString& text, const QString& help, const QString& icon, bool begins_group,
                    void (CheckpointsFeature::*handler)());
    std::shared_ptr<RunRecord> focused_record() const;
    void show_title(const RunRecord& record);
    void refresh_soon();
    QString delete_obstacle(const std::vector<CheckpointFolder>& selected) const;

    void evaluate();
    void evaluate_on(const std::vector<CheckpointFolder>& checkpoints, const EvaluateChoice& choice);
    void next_evaluation();
    void poll_evaluation();
    void cancel_evaluations();
    void keep_evaluation(const Evaluation& evaluation, const CheckpointEvaluation& found);
    void read_kept_evaluations();

    void start_from();
    void compare();
    QList<ComparedCheckpoint> comparable() const;
    void compare_files(const std::filesystem::path& first, const std::filesystem::path& second);
    void show_heatmap(const ComparedCheckpoint& first, const ComparedCheckpoint& second);
    void export_file();
    void copy_path();
    void ask_delete();
    QString delete_question(const std::vector<CheckpointFolder>& doomed, const RunSummary& summary) const;
    void delete_now(const std::vector<CheckpointFolder>& doomed, bool lock);

    MainWindow& window_;
    CheckpointsModel* model_;
    CheckpointsPanel* panel_ = nullptr;
    CheckpointComparisonView* comparison_ = nullptr;
    QTimer refresh_timer_;
    QTimer poll_timer_;
    std::deque<std::shared_ptr<Evaluation>> waiting_;
    std::shared_ptr<Evaluation> evaluation_;              ///< the one that runs
    std::filesystem::path evaluations_of_;                ///< the run whose recorded evaluations were read last
    std::filesystem::file_time_type evaluations_time_{};  ///< of their file, then
    std::stop_source compare_stop_;
    BackgroundWorker worker_;     ///< last: their tasks use the others
    BackgroundWorker comparing_;  ///< of its own: an evaluation may take minutes
    BackgroundWorker files_;      ///< exports and deletes
};

}  // namespace wavlab
