// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace wavlab {

// What writer and reader of run.db share. Every row has a sequence number that only ever grows, over all tables, so
// that a reader knows what is new and in which order it happened.

inline constexpr std::int64_t store_application_id = 0x57415631;  // "WAV1"
inline constexpr std::int64_t store_version = 1;

inline constexpr const char* store_schema = R"(
    CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE scalars(sequence INTEGER PRIMARY KEY, step INTEGER NOT NULL, name INTEGER NOT NULL, value REAL);
    CREATE TABLE frames(sequence INTEGER PRIMARY KEY, step INTEGER NOT NULL, kind TEXT NOT NULL, data BLOB NOT NULL);
    CREATE INDEX frames_by_step ON frames(kind, step);
    CREATE TABLE records(sequence INTEGER PRIMARY KEY, step INTEGER NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL);
    CREATE TABLE rewinds(generation INTEGER PRIMARY KEY, step INTEGER NOT NULL, sequence INTEGER NOT NULL);
)";

/// The evaluations alone, so that the last and the best of a long run are found at once. Made when the scalar is
/// recorded first; a store without it holds the same.
inline constexpr const char* validation_loss_name = "val/loss";
inline std::string validation_condition(std::int64_t name) { return "name = " + std::to_string(name); }
inline std::string validation_index(std::int64_t name) {
    return "CREATE INDEX IF NOT EXISTS evaluations ON scalars(step, value) WHERE " + validation_condition(name);
}

}  // namespace wavlab
