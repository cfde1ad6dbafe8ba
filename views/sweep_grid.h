// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <QString>
#include <QStringList>

#include "core/method.h"
#include "core/sweep.h"

namespace wavlab {

/// One run of a sweep as the window shows it, before it is made.
struct PlannedRun {
    SweepPoint point;
    QString problem;  ///< why it could not be run; empty when it can
    double memory_bytes = 0;
    double disk_bytes = 0;
    std::optional<double> seconds;  ///< on this device
    bool is_scaled = false;         ///< the time is that of a similar run, scaled by its work
};

/// All runs of a sweep.
struct SweepGrid {
    std::vector<std::string> keys;          ///< of the options that are varied
    QStringList titles;                     ///< of these, for people
    std::vector<std::size_t> value_counts;  ///< of these
    std::size_t combinations = 0;           ///< before equal runs are made once
    std::vector<PlannedRun> rows;
    QString problem;      ///< why there are no rows
    QString time_status;  ///< why not every time is known

    std::size_t bad_rows() const;
    /// Of all runs one after another; nothing as long as one is not known.
    std::optional<double> seconds() const;
    bool is_any_scaled() const;
    /// The most that one run needs.
    double memory_bytes() const;
    double disk_bytes() const;
    /// "12: Layers (3) × Method (2) × Seed (2)".
    QString size_text() const;
    /// "Run 2: model.heads = 5: must be ..." for the first run that cannot be made.
    QString first_problem() const;
};

/// Lays a sweep out: rows with their problems, memory and disk; times are for others to fill in. `vocabulary`: tokens.
SweepGrid lay_out_grid(const Sweep& sweep, std::int64_t vocabulary);

/// About how much a run's folder takes: checkpoints, scalars and frames.
double estimate_disk(const Experiment& experiment, const CostEstimate& cost);

}  // namespace wavlab
