// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/probe_files.h"
#include "core/run_record.h"
#include "tests/core/temporary_folder.h"
#include "tests/views/synthetic_run.h"

namespace wavlab {

/// A probe that no model made: Δloss follows α, apart from its sign and from routers with one source.
ProbeResult made_up_probe(const RoutingLayout& layout, std::int64_t step, bool cells = true);

/// A made-up run in a folder of its own, in which probes can be kept.
struct ProbedRunFolder {
    explicit ProbedRunFolder(const SyntheticRun& run = {});
    void keep(std::int64_t step, bool cells = true);

    TemporaryFolder folder;
    SyntheticRun run;
    std::shared_ptr<RunRecord> record;
};

}  // namespace wavlab
