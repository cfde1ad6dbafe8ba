// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/table_runs.h"

#include <algorithm>
#include <utility>

#include "app/gui/background_worker.h"
#include "core/run_record.h"
#include "views/action_registry.h"

namespace wavlab {

const TableRuns::Kept* TableRuns::kept(const RunRecord& record) const {
    const auto found = kept_.find(record.folder());
    const bool same = found != kept_.end() && found->second.step == record.step() &&
                      found->second.started_at == record.description().started_at;
    return same ? &found->second : nullptr;
}

TableRuns::Wanted TableRuns::lacking(const RunRecord& record, const Wanted& wanted) const {
    Wanted lacking{{}, wanted.moment, false};
    // The table counts no others.
    if (record.state() != RunState::finished) return lacking;
    const Kept* known = kept(record);
    const bool same_moment = known && known->moment == to_string(wanted.moment);
    for (const std::string& name : wanted.values)
        if (!record.is_read(name) && !(same_moment && known->values.contains(name))) lacking.values.push_back(name);
    lacking.costs = wanted.costs && !(known && known->costs);
    return lacking;
}

bool TableRuns::is_known(const RunRecord& record, const Wanted& wanted) const {
    const Wanted lacks = lacking(record, wanted);
    return lacks.values.empty() && !lacks.costs;
}

std::size_t TableRuns::read(const Records& records, const Wanted& wanted) {
    wanted_ = wanted;
    waiting_.clear();
    for (const std::shared_ptr<RunRecord>& record : records)
        if (!is_known(*record, wanted)) waiting_.push_back(record);
    read_next();
    return waiting_.size();
}

void TableRuns::stop() {
    waiting_.clear();
    std::erase_if(kept_, [](const auto& one) { return !one.second.problem.isEmpty(); });
}

/// One at a time, so that what is not wanted any more is never begun.
void TableRuns::read_next() {
    if (reading_ || waiting_.empty()) return;
    reading_ = true;
    const RunRecord& record = *waiting_.front();
    const Kept begun{record.description().started_at, record.step(), to_string(wanted_.moment)};
    worker_.submit([this, folder = record.folder(), begun, asked = lacking(record, wanted_)](std::stop_token) {
        Kept fresh = begun;
        fresh.costs = asked.costs;
        for (const std::string& name : asked.values) fresh.values[name];
        fresh.problem = failure_of([&] {
            RunRecord own(folder);  // the window's is of the window's thread
            own.follow_store();
            const TableRun run = read_table_run(own, asked.values, asked.moment, asked.costs);
            for (const auto& [name, value] : run.values) fresh.values[name] = value;
            fresh.tokens_per_second = run.tokens_per_second;
            fresh.memory_bytes = run.memory_bytes;
        });
        post(this, [this, folder, fresh] {
            reading_ = false;
            keep(folder, fresh);
            const bool is_wanted = !waiting_.empty();
            std::erase_if(waiting_, [this](const auto& one) { return is_known(*one, wanted_); });
            read_next();
            if (is_wanted) emit advanced(waiting_.size());
        });
    });
}

void TableRuns::keep(const std::filesystem::path& folder, Kept fresh) {
    Kept& known = kept_[folder];
    if (known.started_at == fresh.started_at && known.step == fresh.step) {
        if (known.moment == fresh.moment) fresh.values.merge(known.values);
        if (!fresh.costs) {
            fresh.costs = known.costs;
            fresh.tokens_per_second = known.tokens_per_second;
            fresh.memory_bytes = known.memory_bytes;
        }
    }
    known = std::move(fresh);
}

std::vector<TableRun> TableRuns::runs(const Records& records, const Wanted& wanted, QStringList& problems) const {
    std::vector<TableRun> runs;
    for (const std::shared_ptr<RunRecord>& record : records) {
        std::vector<std::string> at_hand = wanted.values;
        std::erase_if(at_hand, [&](const std::string& name) { return !record->is_read(name); });
        const bool is_at_hand = !wanted.costs && at_hand.size() == wanted.values.size();
        TableRun& run = runs.emplace_back(read_table_run(*record, at_hand, wanted.moment, false));
        const Kept* known = kept(*record);
        if (!known || is_at_hand) continue;
        if (!known->problem.isEmpty()) problems.append(known->problem);
        if (known->moment == to_string(wanted.moment))
            for (const auto& [name, value] : known->values)
                if (value && std::find(wanted.values.begin(), wanted.values.end(), name) != wanted.values.end())
                    run.values.try_emplace(name, *value);
        if (!wanted.costs) continue;
        run.tokens_per_second = known->tokens_per_second;
        run.memory_bytes = known->memory_bytes;
    }
    return runs;
}

}  // namespace wavlab
