// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_digest.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <variant>

#include <toml++/toml.h>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/run_store_file.h"
#include "core/run_store_schema.h"
#include "core/stored_event.h"

namespace wavlab {

namespace {

std::optional<std::int64_t> id_of(const SqliteDatabase& store, std::string_view name) {
    SqliteStatement row(store, "SELECT id FROM names WHERE name = ?1");
    row.bind(1, name);
    return row.next() ? std::optional(row.number(0)) : std::nullopt;
}

/// Of a scalar that every step records: it stands near the end.
std::optional<double> last_value(const SqliteDatabase& store, std::string_view name) {
    const std::optional<std::int64_t> id = id_of(store, name);
    if (!id) return std::nullopt;
    SqliteStatement row(store, "SELECT value FROM scalars WHERE name = ?1 ORDER BY sequence DESC LIMIT 1");
    row.bind(1, *id);
    return row.next() ? std::optional(row.real(0)) : std::nullopt;
}

std::int64_t last_step(const SqliteDatabase& store, const char* sql) {
    SqliteStatement row(store, sql);
    return row.next() ? row.number(0) : 0;
}

void read_validation(const SqliteDatabase& store, RunDigest& digest) {
    const std::optional<std::int64_t> id = id_of(store, validation_loss_name);
    if (!id) return;
    // The index of the evaluations alone serves a query that names the same number; older stores are searched whole.
    SqliteStatement row(
        store, ("SELECT value FROM scalars WHERE " + validation_condition(*id) + " ORDER BY step, sequence").c_str());
    while (row.next()) {
        const double value = row.real(0);
        digest.validation_loss = value;
        if (std::isfinite(value) && (!digest.best_validation_loss || value < *digest.best_validation_loss))
            digest.best_validation_loss = value;
    }
}

void read_table(const toml::table& table, const std::string& prefix, OptionValues& options) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const toml::table* inner = node.as_table(); inner && prefix.empty())
            read_table(*inner, name + ".", options);
        else if (const auto* text = node.as_string())
            options[name] = text->get();
        else if (const auto* whole = node.as_integer())
            options[name] = whole->get();
        else if (const auto* real = node.as_floating_point())
            options[name] = real->get();
        else if (const auto* truth = node.as_boolean())
            options[name] = truth->get();
    }
}

/// What a run recorded of its experiment is complete: every key with its value.
void read_experiment(RunDigest& digest) {
    digest.method = "?";
    try {
        read_table(toml::parse(digest.description.experiment), "", digest.options);
    } catch (const toml::parse_error&) {
        return;
    }
    for (const char* no_option : {"schema", "name"}) digest.options.erase(no_option);
    const auto take = [&](const char* key, auto& value) {
        const auto found = digest.options.find(key);
        if (found == digest.options.end()) return;
        if (const auto* given = std::get_if<std::decay_t<decltype(value)>>(&found->second)) value = *given;
    };
    take("model.method", digest.method);
    take("model.layers", digest.layers);
    take("data.dataset", digest.dataset);
}

/// The state after the newest start, from the newest record back to it.
void read_state(const SqliteDatabase& store, RunDigest& digest) {
    SqliteStatement row(store,
                        "SELECT type, step, data FROM records WHERE type IN ('started', 'state', 'ended')"
                        " ORDER BY sequence DESC");
    bool state_known = false;
    while (row.next()) {
        const RunEvent event = parse_stored_event(std::string(row.text(0)), row.number(1), std::string(row.text(2)));
        if (const auto* ended = std::get_if<RunEnded>(&event); ended && !state_known) {
            digest.state = ended->state;
            digest.reason = ended->reason;
            state_known = true;
        } else if (const auto* changed = std::get_if<StateChanged>(&event); changed && !state_known) {
            digest.state = changed->state;
            state_known = true;
        } else if (const auto* started = std::get_if<RunStarted>(&event)) {
            digest.total_steps = started->total_steps;
            digest.step = std::max(digest.step, started->first_step);
            digest.description = started->description;
            read_experiment(digest);
            return;
        }
    }
    throw InputError("it holds no records of a run: they are lost, or the run was never started");
}

void read_store(const SqliteDatabase& store, RunDigest& digest) {
    read_state(store, digest);
    for (const char* sql : {"SELECT step FROM scalars ORDER BY sequence DESC LIMIT 1",
                            "SELECT step FROM frames ORDER BY sequence DESC LIMIT 1",
                            "SELECT step FROM records ORDER BY sequence DESC LIMIT 1"})
        digest.step = std::max(digest.step, last_step(store, sql));
    digest.train_loss = last_value(store, "train/loss");
    digest.tokens_per_second = last_value(store, "train/tokens_per_second");
    read_validation(store, digest);
    digest.has_checkpoint = last_step(store, "SELECT EXISTS(SELECT 1 FROM records WHERE type = 'checkpoint')") != 0;
}

}  // namespace

RunDigest read_digest(const std::filesystem::path& folder) {
    const RunFolder run{folder};
    RunDigest digest;
    digest.folder = folder;
    digest.name = folder.filename().string();
    // A writer commits its last word before it lets go of the lock, so only a lock that was free all along says that
    // nobody will.
    const bool held_before = RunLock::is_held(run);
    RunStoreFile(run.store()).with_database([&](const SqliteDatabase& store) {
        // One transaction, so that all tables are seen as of the same commit; it ends with the connection.
        SqliteStatement(store, "BEGIN").run();
        read_store(store, digest);
    });
    digest.alive = RunLock::is_held(run);
    const bool goes_on = digest.state == RunState::running || digest.state == RunState::paused;
    if (goes_on && !held_before && !digest.alive) {
        digest.state = RunState::interrupted;
        digest.reason = interrupted_reason;
    }
    return digest;
}

}  // namespace wavlab
