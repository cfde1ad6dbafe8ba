// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

#include <QObject>
#include <QString>

#include "core/experiment.h"
#include "core/run_control.h"
#include "core/run_event.h"
#include "core/run_record.h"

namespace wavlab {

class ModelLibrary;
class Trainer;
class BackgroundWorker;

/// The run of this window, if one goes: starts it, hands the user's commands to it, and fills its record with its
/// events. Used by the window's thread.
class Session : public QObject {
    Q_OBJECT

public:
    using Loader = std::function<ModelLibrary&()>;

    /// `load` brings the model side of the program (about a second); it is called on a thread of its own.
    explicit Session(Loader load, QObject* parent = nullptr);
    /// A run that still goes is stopped and kept.
    ~Session() override;

    /// Loads the model side; `loaded` or `load_failed` follows.
    void load();
    /// Null until `loaded`.
    ModelLibrary* library() const { return library_; }

    /// Starts a new run below `runs`, with the weights of the model file `from` or, without one, of its seed. Throws
    /// InputError and WorkError; what the trainer finds wrong arrives by `ended`. Should another process take the name
    /// first, the next free one is used: `renamed` follows.
    void start(const Experiment& experiment, const std::filesystem::path& runs, const std::filesystem::path& from = {});
    /// Goes on with a run from its last checkpoint. `record` has read its store.
    void resume_run(std::shared_ptr<RunRecord> record);

    bool is_running() const { return trainer_ != nullptr; }
    bool is_paused() const;
    /// After `stop` until the run has ended.
    bool is_stopping() const;
    void set_paused(bool paused);
    void step_once();
    void evaluate_now();
    void checkpoint_now();
    void stop(StopRequest request);

    /// The run that goes, or the last one; null before the first.
    const std::shared_ptr<RunRecord>& record() const { return record_; }
    RunProgress progress() const;
    /// How the last run ended; nothing while one goes.
    const std::optional<RunEnded>& end() const { return end_; }
    /// Updates since the last checkpoint: what a crash would lose.
    std::int64_t steps_since_checkpoint() const;

    /// Applies everything the run has reported since the last call. Emits `ended` when it is over.
    RecordChanges drain();

signals:
    void loaded();
    void load_failed(const QString& message);
    /// A run goes: `record()` is its record.
    void started();
    /// The run that was started has another folder than was meant, and `record()` is another record.
    void renamed();
    /// The run is over: `end()` says how.
    void ended();
    /// A sentence from the run.
    void message(const QString& text);

private:
    void launch(struct TrainRequest request, std::shared_ptr<RunRecord> record);
    RecordChanges apply(const RunEvent& event);
    void follow_name(const RunStarted& begun);

    Loader load_;
    ModelLibrary* library_ = nullptr;
    std::unique_ptr<BackgroundWorker> loading_;
    std::unique_ptr<Trainer> trainer_;
    std::shared_ptr<RunRecord> record_;
    std::optional<RunEnded> end_;
    std::int64_t last_checkpoint_ = 0;
};

}  // namespace wavlab
