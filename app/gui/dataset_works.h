// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include <QObject>
#include <QString>
#include <QStringList>

#include "datasets/data_library.h"
#include "views/dataset_row.h"

namespace wavlab {

/// What is being done with a dataset.
enum class DatasetTask { download, add_files, import, verify, remove, discard };

/// How it has ended.
struct DatasetResult {
    QString id;
    DatasetTask task = DatasetTask::download;
    DataOutcome outcome = DataOutcome::done;
    QString problem;      ///< why it failed; empty when it did not
    QString information;  ///< something to know though it did not fail
};

/// Work on datasets beside the window: one at a time for each, several at once for several. When this object goes,
/// everything stops, and what can be gone on with stays.
class DatasetWorks : public QObject {
    Q_OBJECT

public:
    /// `information` may get something to tell; what it throws is the problem.
    using Work = std::function<DataOutcome(DataLibrary& library, const ProgressCallback& progress, std::stop_token stop,
                                           QString& information)>;

    using QObject::QObject;
    ~DatasetWorks() override;

    /// False when something is done with this dataset already.
    bool start(const QString& id, DatasetTask task, Work work);
    /// Asks it to stop; `discard`: what was downloaded is thrown away then.
    void stop(const QString& id, bool discard);
    /// What is done with it just now; nothing when nothing is.
    std::optional<DatasetWork> work(const QString& id) const;
    std::optional<DatasetTask> task(const QString& id) const;
    QStringList ids() const;

signals:
    /// Something is done with it now, or is further than before.
    void progressed(const QString& id);
    /// Nothing is done with it any more.
    void ended(const DatasetResult& result);

private:
    struct Job {
        DatasetTask task = DatasetTask::download;
        DatasetWork shown;
        std::shared_ptr<std::atomic<bool>> discard = std::make_shared<std::atomic<bool>>(false);
        std::jthread thread;
    };

    void finish(const DatasetResult& result);

    std::map<QString, Job> jobs_;
};

}  // namespace wavlab
