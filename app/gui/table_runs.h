// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <QObject>
#include <QStringList>

#include "core/table_run.h"

namespace wavlab {

class BackgroundWorker;
class RunRecord;

/// What a table shows of the window's runs. A record gives what it has in memory. The rest is of every step of the run
/// (its speed, its memory) or was not looked at yet: a worker reads it, by records of its own and only of runs that
/// count, and it is kept until the run goes on.
class TableRuns : public QObject {
    Q_OBJECT

public:
    struct Wanted {
        std::vector<std::string> values;
        TableMoment moment;
        bool costs = false;  ///< speed and memory
    };
    using Records = std::vector<std::shared_ptr<RunRecord>>;

    /// The worker is gone before this is.
    explicit TableRuns(BackgroundWorker& worker) : worker_(worker) {}

    /// Begins to read what the records lack of this, and nothing else any more. Returns of how many runs; `advanced`
    /// follows for each.
    std::size_t read(const Records& records, const Wanted& wanted);
    /// Reads nothing more; what could not be read may be tried again.
    void stop();
    /// What is known now, in the order of the records. `problems`: a sentence for each run that could not be read.
    std::vector<TableRun> runs(const Records& records, const Wanted& wanted, QStringList& problems) const;

signals:
    /// Of so many runs something is still to be read.
    void advanced(std::size_t left);

private:
    /// What was read of a run as it was at a step of its last start.
    struct Kept {
        std::string started_at;
        std::int64_t step = 0;
        std::string moment;  ///< of the values
        std::map<std::string, std::optional<TableRun::Value>> values;
        bool costs = false;
        std::optional<double> tokens_per_second;
        std::optional<double> memory_bytes;
        QString problem;
    };
    /// Null where nothing was read of the run as it is now.
    const Kept* kept(const RunRecord& record) const;
    /// What is neither in the record's memory nor kept.
    Wanted lacking(const RunRecord& record, const Wanted& wanted) const;
    bool is_known(const RunRecord& record, const Wanted& wanted) const;
    void read_next();
    void keep(const std::filesystem::path& folder, Kept fresh);

    BackgroundWorker& worker_;
    Wanted wanted_;
    Records waiting_;
    bool reading_ = false;
    std::map<std::filesystem::path, Kept> kept_;
};

}  // namespace wavlab
