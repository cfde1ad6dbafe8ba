// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/dataset_works.h"

#include <atomic>
#include <exception>
#include <utility>

#include <QCoreApplication>

#include "app/gui/background_worker.h"
#include "app/gui/dataset_rows.h"

namespace wavlab {

namespace {

/// What is shown before the work itself says more.
QString first_phase(DatasetTask task) {
    switch (task) {
        case DatasetTask::remove:
        case DatasetTask::discard:
            return QCoreApplication::translate("wavlab", "deleting");
        case DatasetTask::download:
            return QCoreApplication::translate("wavlab", "downloading");
        default:
            return QCoreApplication::translate("wavlab", "checking");
    }
}

}  // namespace

DatasetWorks::~DatasetWorks() {
    for (auto& [id, job] : jobs_) job.thread.request_stop();
    jobs_.clear();  // waits for the threads, which still may post to this object
}

bool DatasetWorks::start(const QString& id, DatasetTask task, Work work) {
    if (jobs_.contains(id)) return false;
    Job& job = jobs_[id];
    job.task = task;
    job.shown.phase = first_phase(task);
    job.shown.can_pause = task == DatasetTask::download;
    job.thread = std::jthread([this, id, task, work = std::move(work), discard = job.discard](std::stop_token stop) {
        DatasetResult result{id, task, DataOutcome::done, {}, {}};
        const auto progress = [this, id](const DataProgress& state) {
            post(this, [this, id, shown = dataset_work(state)] {
                const auto found = jobs_.find(id);
                if (found == jobs_.end()) return;
                const DatasetWork before = std::exchange(found->second.shown, shown);
                found->second.shown.can_pause = before.can_pause;
                found->second.shown.stopping = before.stopping;
                emit progressed(id);
            });
        };
        try {
            DataLibrary library;
            result.outcome = work(library, progress, stop, result.information);
            if (result.outcome == DataOutcome::stopped && *discard) library.discard_partial(id.toStdString());
        } catch (const std::exception& error) {
            result.problem = QString::fromUtf8(error.what());
        }
        post(this, [this, result] { finish(result); });
    });
    emit progressed(id);
    return true;
}

void DatasetWorks::stop(const QString& id, bool discard) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return;
    if (discard) *found->second.discard = true;
    found->second.shown.stopping = true;
    found->second.thread.request_stop();
    emit progressed(id);
}

std::optional<DatasetWork> DatasetWorks::work(const QString& id) const {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return std::nullopt;
    return found->second.shown;
}

std::optional<DatasetTask> DatasetWorks::task(const QString& id) const {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return std::nullopt;
    return found->second.task;
}

QStringList DatasetWorks::ids() const {
    QStringList ids;
    for (const auto& [id, job] : jobs_) ids.append(id);
    return ids;
}

void DatasetWorks::finish(const DatasetResult& result) {
    jobs_.erase(result.id);  // its thread is over but for its last line
    emit ended(result);
}

}  // namespace wavlab
