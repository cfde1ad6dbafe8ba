// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sweep_runs.h"

#include <algorithm>
#include <tuple>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/experiment.h"
#include "core/run_digest.h"
#include "core/run_store_file.h"
#include "core/run_store_schema.h"
#include "core/safe_file.h"
#include "core/stored_event.h"
#include "core/sweep.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr std::size_t largest_mark = 1 << 16;

fs::path mark_file(const RunFolder& run) { return run.path / "ended-early.json"; }

void read_evaluations(const SqliteDatabase& store, EvaluationCurve& curve) {
    SqliteStatement name(store, "SELECT id FROM names WHERE name = ?1");
    name.bind(1, validation_loss_name);
    if (!name.next()) return;
    SqliteStatement row(store, ("SELECT step, value FROM scalars WHERE " + validation_condition(name.number(0)) +
                                " ORDER BY step, sequence")
                                   .c_str());
    while (row.next()) {
        if (!curve.empty() && curve.back().first == row.number(0)) curve.pop_back();  // evaluated again
        curve.emplace_back(row.number(0), row.real(1));
    }
}

bool read_has_origin(const SqliteDatabase& store) {
    SqliteStatement row(store, "SELECT step, data FROM records WHERE type = 'started' ORDER BY sequence LIMIT 1");
    if (!row.next()) return false;
    const RunEvent event = parse_stored_event("started", row.number(0), std::string(row.text(1)));
    const auto* started = std::get_if<RunStarted>(&event);
    return started && started->description.origin.has_value();
}

/// Which of two runs of one experiment a sweep takes.
auto rank(const SweepRun& run) {
    return std::tuple(run.state == RunState::finished, run.ended_early, run.alive, run.step());
}

}  // namespace

std::optional<double> SweepRun::last_loss() const {
    if (evaluations.empty()) return std::nullopt;
    return evaluations.back().second;
}

SweepRun read_sweep_run(const fs::path& folder) {
    const RunDigest digest = read_digest(folder);
    SweepRun run;
    run.folder = folder;
    run.state = digest.state;
    run.reason = digest.reason;
    run.alive = digest.alive;
    RunStoreFile(RunFolder{folder}.store()).with_database([&](const SqliteDatabase& store) {
        read_evaluations(store, run.evaluations);
        run.has_origin = read_has_origin(store);
    });
    if (run.state != RunState::finished) {
        const std::optional<std::string> reason = ended_early_reason({folder});
        run.ended_early = reason.has_value();
        if (reason) run.reason = *reason;
    }
    return run;
}

void mark_ended_early(const RunFolder& run, const std::string& reason) {
    write_file_safely(mark_file(run), nlohmann::json{{"reason", reason}}.dump() + "\n");
}

std::optional<std::string> ended_early_reason(const RunFolder& run) {
    std::error_code error;
    if (!fs::exists(mark_file(run), error)) return std::nullopt;
    try {
        return nlohmann::json::parse(read_file(mark_file(run), largest_mark)).at("reason").get<std::string>();
    } catch (const std::exception&) {
        return "ended early";
    }
}

void RunIndex::refresh() {
    std::map<fs::path, Entry> entries;
    std::error_code error;
    for (fs::directory_iterator entry(runs_, error), end; !error && entry != end; entry.increment(error)) {
        const RunFolder run{entry->path()};
        if (run.path.filename().string().starts_with('.') || !is_run_folder(run.path)) continue;
        std::error_code ignored;
        const auto time = fs::last_write_time(run.experiment(), ignored).time_since_epoch().count();
        Entry found{std::to_string(time) + " " + std::to_string(fs::file_size(run.experiment(), ignored)), ""};
        const auto known = entries_.find(run.path);
        if (known != entries_.end() && known->second.stamp == found.stamp) {
            found.identity = known->second.identity;
        } else {
            try {
                found.identity = run_identity(parse_recorded_experiment(read_file(run.experiment(), 1 << 20)));
            } catch (const InputError&) {
                continue;  // no run of any sweep
            } catch (const WorkError&) {
                continue;  // no run of any sweep
            }
        }
        entries.emplace(run.path, std::move(found));
    }
    entries_ = std::move(entries);
    by_identity_.clear();
    for (const auto& [folder, found] : entries_) by_identity_.emplace(found.identity, folder);
}

bool RunIndex::is_at(const fs::path& folder, const std::string& identity) const {
    const auto entry = entries_.find(folder);
    return entry != entries_.end() && entry->second.identity == identity;
}

std::optional<SweepRun> RunIndex::find(const std::string& identity) const {
    std::optional<SweepRun> best;
    const auto [begin, end] = by_identity_.equal_range(identity);
    for (auto entry = begin; entry != end; ++entry) {
        try {
            SweepRun run = read_sweep_run(entry->second);
            if (!run.has_origin && (!best || rank(run) > rank(*best))) best = std::move(run);
        } catch (const InputError&) {
        } catch (const WorkError&) {
        }
    }
    return best;
}

}  // namespace wavlab
