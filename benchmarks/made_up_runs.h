// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include "core/experiment.h"
#include "core/run_event.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "core/sqlite.h"

namespace wavlab {

inline std::string made_up_run_name(int number) { return fmt::format("run-{:03}", number); }

/// A finished run as the trainer leaves it: five scalars every step, an evaluation every 500 steps.
inline void make_run(const std::filesystem::path& folder, const Experiment& experiment, std::int64_t steps) {
    std::filesystem::create_directories(folder);
    write_file_safely(RunFolder{folder}.experiment(), to_toml(experiment));
    RunStoreWriter writer(RunFolder{folder}.store());
    RunStarted started;
    started.description.experiment = to_toml(experiment);
    started.description.device = "cpu";
    started.description.threads = 2;
    started.description.flops_per_token = 1.5e6;
    started.description.started_at = "2026-01-02T03:04:05Z";
    started.total_steps = steps;
    writer.write(started);
    std::uint32_t noise = 1;
    for (std::int64_t step = 1; step <= steps; ++step) {
        noise = noise * 1664525u + 1013904223u;
        const double loss =
            1.2 + 2.5 * std::exp(-5.0 * double(step) / double(steps)) + 0.1 * double(noise) / 4294967296.0;
        writer.write(ScalarRecorded{step, "train/loss", loss});
        writer.write(ScalarRecorded{step, "train/lr", 1e-3 * double(steps - step) / double(steps)});
        writer.write(ScalarRecorded{step, "train/grad_norm", 0.5 + double(noise) / 4294967296.0});
        writer.write(ScalarRecorded{step, "train/tokens_per_second", 8000 + double(noise % 500)});
        writer.write(ScalarRecorded{step, "train/memory_bytes", 4e8});
        if (step % 500 == 0) writer.write(ScalarRecorded{step, "val/loss", loss + 0.05});
    }
    writer.write(RunEnded{RunState::finished, ExitCode::done, "", steps, false});
    writer.close();
}

/// `runs` runs below a folder, those that are there already left as they are: one is written, the others are copies of
/// it with other losses, depths and seeds.
inline void make_runs(const std::filesystem::path& folder, int runs, std::int64_t steps) {
    namespace fs = std::filesystem;
    Experiment experiment;
    experiment.train.steps = steps;
    const fs::path first = folder / made_up_run_name(0);
    if (!is_run_folder(first)) make_run(first, experiment, steps);
    for (int i = 1; i < runs; ++i) {
        const fs::path run = folder / made_up_run_name(i);
        if (is_run_folder(run)) continue;
        fs::create_directories(run);
        fs::copy_file(RunFolder{first}.store(), RunFolder{run}.store(), fs::copy_options::overwrite_existing);
        Experiment other = experiment;
        other.seed = 1337 + i % 5;
        other.model.layers = 12 * (1 + i / 5 % 4);
        write_file_safely(RunFolder{run}.experiment(), to_toml(other));
        SqliteDatabase store(RunFolder{run}.store(), SqliteDatabase::Mode::write);
        store.execute("PRAGMA synchronous = OFF");
        store.execute("BEGIN");
        const std::string shift = fmt::format(
            "UPDATE scalars SET value = value + {} WHERE name IN (SELECT id FROM names"
            " WHERE name LIKE '%loss')",
            0.002 * i);
        store.execute(shift.c_str());
        store.execute(fmt::format("UPDATE records SET data = replace(replace(data, 'layers = 12', 'layers = {}'), "
                                  "'seed = 1337', 'seed = {}')"
                                  " WHERE type = 'started'",
                                  other.model.layers, other.seed)
                          .c_str());
        store.execute(
            fmt::format("UPDATE records SET data = replace(data, '03:04:05', '{:02}:{:02}:05') WHERE type = 'started'",
                        i / 60, i % 60)
                .c_str());
        store.execute("COMMIT");
        if (i % 50 == 0) fmt::print(stderr, "{} of {} runs made\n", i, runs);
    }
}

}  // namespace wavlab
