// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/run_folder.h"
#include "core/sqlite.h"

namespace wavlab {

/// A run's `run.db`, opened read-only when it is needed, also while another process writes it and in folders where
/// nothing can be written. Used by one thread.
class RunStoreFile {
public:
    explicit RunStoreFile(std::filesystem::path file) : file_(std::move(file)) {}

    /// Runs `work(const SqliteDatabase&)` and returns what it returns. Throws InputError that names the file when it
    /// is no run store, and for what `work` throws as SqliteError or InputError.
    template <class Work>
    auto with_database(Work work) {
        try {
            if (!database_) open();
            // A connection that stays open would keep a writer from closing the store into one file, so it is held
            // only while nobody writes.
            struct Release {
                RunStoreFile& self;
                ~Release() {
                    if (self.has_log_ || RunLock::is_held({self.file_.parent_path()})) self.database_.reset();
                }
            } release{*this};
            return work(*database_);
        } catch (const SqliteError& error) {
            database_.reset();
            throw InputError(unreadable(error.what()));
        } catch (const InputError& error) {
            throw InputError(unreadable(error.what()));
        }
    }

private:
    void open();
    void open_immutable();
    void open_as(SqliteDatabase::Mode mode);
    std::string unreadable(const char* why) const;

    std::filesystem::path file_;
    std::optional<SqliteDatabase> database_;
    bool has_log_ = false;  ///< the store is in WAL mode: it is being written, or its writer was killed
};

}  // namespace wavlab
