// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <QElapsedTimer>
#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>

#include "app/gui/background_worker.h"
#include "core/run_annotations.h"
#include "core/run_record.h"

namespace wavlab {

class RunsModel;
struct RunSummary;

/// The runs below the runs folder, and those opened from elsewhere, kept in the RunsModel. Stores are read on a thread
/// of their own, read-only: a digest of each for the list, all of it for those that are drawn or looked at. A record
/// that is neither any more is let go. A run of another process that is open is followed while it goes.
class RunLibrary : public QObject {
    Q_OBJECT

public:
    RunLibrary(RunsModel& model, std::filesystem::path runs, QObject* parent = nullptr);

    const std::filesystem::path& folder() const { return runs_; }
    /// A key of the window's settings for what is kept of this runs folder.
    QString settings_key(const char* what) const;
    /// Looks for new runs.
    void refresh();
    /// The methods are registered, which reading a record needs: those that were asked for before are opened now.
    void allow_opening();
    /// Adds a run that lies anywhere. Throws InputError when `folder` is no run.
    void add(const std::filesystem::path& folder);
    /// Opens the run's record, if it is not open: `opened` follows, or the model tells the problem.
    void open(const std::filesystem::path& folder);
    /// A record of its own of this run, for a run that goes on in this window; `done` gets it, or null and why.
    void read(const std::filesystem::path& folder,
              std::function<void(std::shared_ptr<RunRecord>, const QString& problem)> done);

    /// The run that this window runs: its record is filled by its events, not from its store. Null: none.
    void set_own(std::shared_ptr<RunRecord> record);
    /// Brings the list's row of the own run up to date. `goes`: it is not over.
    void update_own(bool goes);
    /// The own run's folder is gone.
    void forget_own();
    /// Takes a run out of the list; its folder stays as it is.
    void forget(const std::filesystem::path& folder);
    bool is_elsewhere(const std::filesystem::path& folder) const { return elsewhere_.contains(folder); }
    /// Brings the list's row of a run up to date with its folder.
    void sum_up(const std::filesystem::path& folder);
    /// Changes what people say of these runs, in their folders and then in the list. What goes wrong is `failed`.
    void annotate(const std::vector<std::filesystem::path>& folders,
                  std::function<void(RunAnnotations& annotations)> change);
    /// Nothing is being read.
    bool idle() const { return worker_.idle() && !listing_ && !opened_timer_.isActive(); }

signals:
    /// Records are in the model now: one signal for those that were read in quick succession.
    void opened();
    /// Something could not be done: a sentence.
    void failed(const QString& problem);
    /// A followed run has changed.
    void changed(const std::shared_ptr<RunRecord>& record, const RecordChanges& changes);

private:
    struct Listed;
    void list_finished(const std::vector<std::filesystem::path>& found);
    void add_rows(const std::vector<std::filesystem::path>& folders);
    void request_summaries(const std::vector<std::filesystem::path>& folders);
    void show_listed(const Listed& listed);
    void let_go();
    void look_for_changes();
    void show_summary(const RunSummary& summary);
    void follow();
    bool is_own(const std::filesystem::path& folder) const { return own_ && own_->folder() == folder; }
    int style_for(const std::filesystem::path& folder, const std::set<int>& taken) const;
    std::set<int> taken_styles() const;

    RunsModel& model_;
    std::filesystem::path runs_;
    std::shared_ptr<RunRecord> own_;
    std::set<std::filesystem::path> elsewhere_;  ///< added by the user, kept although they lie outside
    QFileSystemWatcher watcher_;
    std::set<int> kept_styles_;  ///< of the runs that were in the folder at the start, listed yet or not
    /// When the files were changed last that a digest is made of.
    std::map<std::filesystem::path, std::filesystem::file_time_type> changed_at_;
    std::deque<std::filesystem::path> looked_at_;  ///< the last runs that were opened, the newest first
    QTimer follow_timer_;
    QTimer opened_timer_;
    QTimer refresh_timer_;
    QElapsedTimer since_summaries_;
    int drawing_milliseconds_ = 0;  ///< how long it took the last time to show the runs that were opened
    bool listing_ = false;
    bool may_open_ = false;
    std::vector<std::filesystem::path> to_open_;  ///< as soon as that is allowed
    BackgroundWorker worker_;                     ///< last: its tasks use the others
};

}  // namespace wavlab
