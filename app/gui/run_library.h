// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include <QElapsedTimer>
#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>

#include "app/gui/background_worker.h"
#include "core/run_record.h"

namespace wavlab {

class RunsModel;
struct RunSummary;

/// The runs below the runs folder, and those opened from elsewhere, kept in the RunsModel. Stores are read on a thread
/// of their own, read-only. A run of another process that is open is followed while it goes.
class RunLibrary : public QObject {
    Q_OBJECT

public:
    RunLibrary(RunsModel& model, std::filesystem::path runs, QObject* parent = nullptr);

    const std::filesystem::path& folder() const { return runs_; }
    /// Looks for new runs. The methods must be registered (experiments are read).
    void refresh();
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
    /// Nothing is being read.
    bool idle() const { return worker_.idle() && !listing_; }

signals:
    /// The record is in the model now.
    void opened(const QString& folder);
    /// A followed run has changed.
    void changed(const std::shared_ptr<RunRecord>& record, const RecordChanges& changes);

private:
    void list_finished(const std::vector<std::filesystem::path>& found);
    void request_summary(const std::filesystem::path& folder);
    void show_summary(const RunSummary& summary);
    void follow();
    bool is_own(const std::filesystem::path& folder) const { return own_ && own_->folder() == folder; }
    int style_for(const std::filesystem::path& folder) const;

    RunsModel& model_;
    std::filesystem::path runs_;
    std::shared_ptr<RunRecord> own_;
    std::set<std::filesystem::path> elsewhere_;  ///< added by the user, kept although they lie outside
    QFileSystemWatcher watcher_;
    std::set<int> kept_styles_;  ///< of the runs that were in the folder at the start, listed yet or not
    QTimer follow_timer_;
    QTimer refresh_timer_;
    QElapsedTimer since_summaries_;
    bool listing_ = false;
    BackgroundWorker worker_;  ///< last: its tasks use the others
};

}  // namespace wavlab
