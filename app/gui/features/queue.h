// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QElapsedTimer>
#include <QString>
#include <QStringList>
#include <QTimer>

#include "app/gui/window_feature.h"
#include "core/error.h"
#include "core/loss_unit.h"
#include "core/sweep.h"
#include "core/sweep_table.h"

namespace wavlab {

class MainWindow;
class QueueModel;
class QueuePanel;
class QueueRunner;
class RunQueue;
struct QueuedRun;
struct QueueRow;

/// The queue of runs of the runs folder: shows it, takes sweeps into it, works through it with processes of their own.
/// While it works, this window trains no run itself. Reached by `window.feature<QueueFeature>()`.
class QueueFeature : public WindowFeature {
    Q_OBJECT

public:
    explicit QueueFeature(MainWindow& window);
    ~QueueFeature() override;

    /// Why nothing can be added now (another process works through the queue); empty when it can.
    QString enqueue_obstacle() const;
    /// Adds every run of the sweep that is neither finished nor queued, and shows the queue. It starts at once if the
    /// queue is working, else when the user starts it. Returns how many were added; throws InputError.
    int enqueue(const Sweep& sweep);
    /// The same for one run.
    int enqueue(const Experiment& experiment);

    /// Runs of the queue are being trained by this window.
    bool is_working() const;
    /// Starts the queue, or lets it work. Throws InputError; `over` follows.
    void start();
    /// No run of the queue waits or goes.
    bool is_done() const { return waiting() == 0; }
    /// How the runs that were added last ended, as the exit code of the program.
    ExitCode exit_code() const;
    /// The sweeps of the queue, in its order, those first whose runs were cleared.
    QStringList sweeps() const;
    /// What became of the runs of a sweep so far, of the cleared ones as long as their folders are there.
    std::vector<SweepOutcome> outcomes(const QString& sweep) const;
    /// The unit in which outcomes() gives a sweep's losses.
    LossUnit unit(const QString& sweep) const;

    void add_actions() override;
    void add_views() override;
    void refresh_actions() override;
    QString run_obstacle() const override;
    void interrupt() override { closing_ = true; }
    bool may_close() override;

signals:
    /// The queue or the state of its runs has changed.
    void changed();
    /// The queue works no more: all is done, it was paused, or `problem` says what went wrong.
    void over(const QString& problem);

private:
    void on_ready();
    int take_in(std::vector<QueuedRun> runs);
    void pause();
    void work();
    void look();
    void show_queue();
    QueueRow row_of(const QueuedRun& run, bool busy) const;
    QString summary() const;
    QString notice() const;
    void offer_unfinished();
    void move_selected(int by);
    void move_before(const QString& id, int place);
    void remove_selected();
    void open(const QString& id);
    void follow(const QueuedRun& run);
    void set_stop_early(bool on);
    bool stops_early() const;
    QString change_obstacle() const;
    std::size_t waiting() const;

    MainWindow& window_;
    std::unique_ptr<RunQueue> queue_;      ///< null when its file cannot be read
    std::unique_ptr<QueueRunner> runner_;  ///< null until the methods are there
    QString problem_;
    QString offer_;  ///< what was said of an unfinished queue when the window opened
    QueueModel* model_ = nullptr;
    QueuePanel* panel_ = nullptr;
    QTimer work_timer_;
    QTimer look_timer_;
    std::filesystem::path followed_;  ///< the run of the queue that was selected last by itself
    QElapsedTimer shown_;
    std::vector<std::string> taken_in_;  ///< ids of the runs that were added last
    bool state_changed_ = false;         ///< of a run, since the queue was shown
    bool was_held_by_other_ = false;
    bool closing_ = false;  ///< the window closes as soon as the runs have saved their state
};

}  // namespace wavlab
