// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_store_file.h"

#include <cstdint>
#include <system_error>

#include <sqlite3.h>

#include "core/run_store_schema.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr int busy_milliseconds = 2000;

}  // namespace

std::string RunStoreFile::unreadable(const char* why) const {
    return file_.string() + ": this run cannot be read: " + why;
}

void RunStoreFile::open() {
    std::error_code error;
    if (!fs::exists(file_, error)) throw InputError("there is no such file");
    if (!fs::is_regular_file(file_, error)) throw InputError("this is not an ordinary file");
    try {
        open_as(SqliteDatabase::Mode::read);
    } catch (const SqliteError& failure) {
        database_.reset();
        if (failure.code() != SQLITE_CANTOPEN && failure.code() != SQLITE_READONLY) throw;
        open_immutable();
    }
}

/// In a folder where nothing can be written SQLite cannot share a log with a writer; without a log none is needed.
void RunStoreFile::open_immutable() {
    fs::path log = file_;
    log += "-wal";
    std::error_code error;
    const std::uintmax_t log_bytes = fs::file_size(log, error);
    if (!error && log_bytes > 0)
        throw InputError("it was not closed properly and its folder is read-only; copy the run to a writable folder");
    open_as(SqliteDatabase::Mode::immutable);
}

void RunStoreFile::open_as(SqliteDatabase::Mode mode) {
    database_.emplace(file_, mode);
    database_->set_busy_timeout(busy_milliseconds);  // first: any statement may meet a writer
    // Many runs are open at once, and each is read from its beginning to its end: pages that were read are not again.
    database_->execute("PRAGMA cache_size = -256");
    if (database_->query_number("PRAGMA application_id") != store_application_id)
        throw InputError("it is no run store");
    if (database_->query_number("PRAGMA user_version") > store_version)
        throw InputError("a later version of WAV Lab wrote it");
    // A hostile schema could make reading a table run anything; ours has plain tables only.
    if (database_->query_number("SELECT count(*) FROM sqlite_master WHERE type NOT IN ('table', 'index')"
                                " OR sql LIKE 'CREATE VIRTUAL%' OR sql LIKE '%GENERATED%' OR sql LIKE '% AS (%'") != 0)
        throw InputError("it is no run store: its tables are not those of WAV Lab");
    has_log_ = mode == SqliteDatabase::Mode::read && database_->query_text("PRAGMA journal_mode") == "wal";
}

}  // namespace wavlab
