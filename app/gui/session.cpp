// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/session.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "app/gui/background_worker.h"
#include "core/run_folder.h"
#include "model/model_library.h"

namespace wavlab {

Session::Session(Loader load, QObject* parent) : QObject(parent), load_(std::move(load)) {}

Session::~Session() = default;

void Session::load() {
    if (library_ || loading_) return;
    loading_ = std::make_unique<BackgroundWorker>();
    loading_->submit([this](std::stop_token) {
        try {
            ModelLibrary* library = &load_();
            post(this, [this, library] {
                library_ = library;
                emit loaded();
            });
        } catch (const std::exception& error) {
            const QString text = QString::fromUtf8(error.what());
            post(this, [this, text] { emit load_failed(text); });
        }
    });
}

void Session::start(const Experiment& experiment, const std::filesystem::path& runs,
                    const std::filesystem::path& from) {
    TrainRequest request;
    request.from = from;
    request.experiment = experiment;
    request.run_folder = new_run_path(runs, experiment.name);
    request.next_free_name = true;
    auto record = std::make_shared<RunRecord>(request.run_folder);
    launch(std::move(request), std::move(record));
}

void Session::resume_run(std::shared_ptr<RunRecord> record) {
    TrainRequest request;
    request.run_folder = record->folder();
    request.resume = true;
    launch(std::move(request), std::move(record));
}

void Session::launch(TrainRequest request, std::shared_ptr<RunRecord> record) {
    if (!library_) throw WorkError("the model part of the program is not loaded yet");
    if (trainer_) throw WorkError("a run is going: " + record_->name());
    last_checkpoint_ = 0;
    trainer_ = library_->start_training(std::move(request));
    record_ = std::move(record);
    end_.reset();
    emit started();
}

bool Session::is_paused() const { return trainer_ && trainer_->control().paused(); }

bool Session::is_stopping() const { return trainer_ && trainer_->control().stop_requested() != StopRequest::none; }

void Session::set_paused(bool paused) {
    if (!trainer_) return;
    if (paused)
        trainer_->control().pause();
    else
        trainer_->control().resume();
}

void Session::step_once() {
    if (!trainer_) return;
    trainer_->control().pause();
    trainer_->control().step_once();
}

void Session::evaluate_now() {
    if (trainer_) trainer_->control().evaluate_now();
}

void Session::checkpoint_now() {
    if (trainer_) trainer_->control().checkpoint_now();
}

void Session::stop(StopRequest request) {
    if (trainer_) trainer_->control().stop(request);
}

RunProgress Session::progress() const { return trainer_ ? trainer_->progress() : RunProgress{}; }

std::int64_t Session::steps_since_checkpoint() const {
    return trainer_ ? std::max<std::int64_t>(0, trainer_->progress().step - last_checkpoint_) : 0;
}

/// Another process may have taken the name between its choice here and the making of the folder.
void Session::follow_name(const RunStarted& begun) {
    if (begun.folder.empty()) return;
    auto record = std::make_shared<RunRecord>(begun.folder);
    if (record->folder() == record_->folder()) return;
    for (const std::string& text : record_->messages()) record->apply(Message{text});
    record_ = std::move(record);
    emit renamed();
}

RecordChanges Session::apply(const RunEvent& event) {
    if (const auto* saved = std::get_if<CheckpointSaved>(&event)) last_checkpoint_ = saved->step;
    if (const auto* begun = std::get_if<RunStarted>(&event)) {
        last_checkpoint_ = begun->first_step;
        follow_name(*begun);
    }
    if (const auto* text = std::get_if<Message>(&event)) emit message(QString::fromStdString(text->text));
    if (const auto* over = std::get_if<RunEnded>(&event)) end_ = *over;
    return record_->apply(event);
}

RecordChanges Session::drain() {
    RecordChanges changes;
    if (!trainer_) return changes;
    for (const RunEvent& event : trainer_->events().drain()) changes |= apply(event);
    if (end_) {
        trainer_.reset();  // its thread ends after its last event
        emit ended();
    }
    return changes;
}

}  // namespace wavlab
