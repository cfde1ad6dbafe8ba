// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/vfs.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <unordered_map>

#include <sqlite3.h>

#include "core/error.h"
#include "core/frame_codec.h"
#include "core/run_store.h"
#include "core/run_store_schema.h"
#include "core/safe_file.h"
#include "core/sqlite.h"
#include "core/stored_event.h"

namespace wavlab {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto commit_interval = std::chrono::milliseconds(500);
constexpr int busy_milliseconds = 5000;
constexpr int busy_milliseconds_at_end = 500;

/// WAL needs shared memory, which network file systems do not give.
bool is_remote(const std::filesystem::path& file) {
    struct statfs status {};
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    if (::statfs(folder.c_str(), &status) != 0) return false;
    constexpr std::uint32_t remote[] = {
        0x6969,      // NFS
        0x517B,      // SMB
        0xFF534D42,  // CIFS
        0xFE534D42,  // SMB 2
        0x65735546,  // FUSE, such as sshfs
        0x01021997,  // 9P
        0x00C36400,  // Ceph
        0x5346414F,  // AFS
        0x0BD00BD0,  // Lustre
    };
    const auto type = static_cast<std::uint32_t>(status.f_type);
    return std::find(std::begin(remote), std::end(remote), type) != std::end(remote);
}

/// Events after which a reader should know at once.
bool changes_state(const RunEvent& event) {
    return std::holds_alternative<RunStarted>(event) || std::holds_alternative<StateChanged>(event) ||
           std::holds_alternative<RunEnded>(event) || std::holds_alternative<CheckpointSaved>(event);
}

}  // namespace

struct RunStoreWriter::Implementation {
    explicit Implementation(const std::filesystem::path& path)
        : file(path), database(path, SqliteDatabase::Mode::write) {
        database.set_busy_timeout(busy_milliseconds);
        wal = !is_remote(file) && database.query_text("PRAGMA journal_mode = WAL") == "wal";
        if (!wal) static_cast<void>(database.query_text("PRAGMA journal_mode = DELETE"));
        // A commit survives a killed process either way; `commit()` also makes it survive a power cut.
        database.execute(wal ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL");
        prepare_schema();
        insert_scalar.emplace(database, "INSERT INTO scalars VALUES(?1, ?2, ?3, ?4)");
        insert_frame.emplace(database, "INSERT INTO frames VALUES(?1, ?2, ?3, ?4)");
        insert_record.emplace(database, "INSERT INTO records VALUES(?1, ?2, ?3, ?4)");
        insert_name.emplace(database, "INSERT INTO names VALUES(?1, ?2)");
        read_position();
    }

    void prepare_schema() {
        const std::int64_t application = database.query_number("PRAGMA application_id");
        if (application == 0 && database.query_number("SELECT count(*) FROM sqlite_master") == 0) {
            database.execute("BEGIN IMMEDIATE");
            database.execute(store_schema);
            database.execute(("PRAGMA application_id = " + std::to_string(store_application_id)).c_str());
            database.execute(("PRAGMA user_version = " + std::to_string(store_version)).c_str());
            database.execute("COMMIT");
        } else if (application != store_application_id) {
            throw InputError(file.string() + ": this is no run store");
        } else if (database.query_number("PRAGMA user_version") != store_version) {
            throw InputError(file.string() + ": another version of WAV Lab wrote this run store");
        }
    }

    void read_position() {
        SqliteStatement known(database, "SELECT id, name FROM names");
        while (known.next()) names.emplace(known.text(1), known.number(0));
        const auto validation = names.find(validation_loss_name);
        if (validation != names.end()) database.execute(validation_index(validation->second).c_str());
        sequence = database.query_number(
            "SELECT max((SELECT coalesce(max(sequence), 0) FROM scalars), (SELECT coalesce(max(sequence), 0) FROM "
            "frames),"
            " (SELECT coalesce(max(sequence), 0) FROM records), (SELECT coalesce(max(sequence), 0) FROM rewinds))");
        step = database.query_number(
            "SELECT max((SELECT coalesce(max(step), 0) FROM scalars), (SELECT coalesce(max(step), 0) FROM records))");
    }

    void begin() {
        if (database.in_transaction()) return;
        database.execute("BEGIN");
        began = Clock::now();
    }

    void commit() {
        if (database.in_transaction()) database.execute("COMMIT");
    }

    std::int64_t id_of(const std::string& name) {
        const auto known = names.find(name);
        if (known != names.end()) return known->second;
        const auto id = static_cast<std::int64_t>(names.size()) + 1;
        insert_name->bind(1, id).bind(2, name).run();
        if (name == validation_loss_name) database.execute(validation_index(id).c_str());
        return names.emplace(name, id).first->second;
    }

    void insert(const ScalarRecorded& scalar) {
        step = std::max(step, scalar.step);
        const std::int64_t name = id_of(scalar.name);
        insert_scalar->bind(1, ++sequence).bind(2, scalar.step).bind(3, name).bind(4, scalar.value).run();
    }

    template <class Frame>
    requires requires { Frame::fields(); }
    void insert(const Frame& frame) {
        step = std::max(step, frame.step);
        const std::string data = pack_frame(frame);
        insert_frame->bind(1, ++sequence).bind(2, frame.step).bind(3, std::string_view(Frame::kind)).bind_blob(4, data);
        insert_frame->run();
    }

    template <class Event>
    void insert(const Event& event) {
        std::int64_t at = step;  // for events without a step of their own: where the run is
        if constexpr (std::is_same_v<Event, RunStarted>)
            at = event.first_step;
        else if constexpr (requires { event.step; })
            at = event.step;
        step = std::max(step, at);
        const StoredEvent stored = to_stored(event);
        insert_record->bind(1, ++sequence).bind(2, at).bind(3, std::string_view(stored.type));
        insert_record->bind(4, std::string_view(stored.json)).run();
    }

    void rewind(std::int64_t to) {
        commit();
        database.execute("BEGIN IMMEDIATE");
        for (const char* sql : {"DELETE FROM scalars WHERE step > ?1", "DELETE FROM frames WHERE step > ?1",
                                "DELETE FROM records WHERE step > ?1 OR type = 'ended'"})
            SqliteStatement(database, sql).bind(1, to).run();
        const std::int64_t generation = database.query_number("SELECT coalesce(max(generation), 0) + 1 FROM rewinds");
        SqliteStatement(database, "INSERT INTO rewinds VALUES(?1, ?2, ?3)")
            .bind(1, generation)
            .bind(2, to)
            .bind(3, ++sequence)
            .run();
        database.execute("COMMIT");
        step = std::max<std::int64_t>(to, 0);
    }

    void close() {
        commit();
        if (!wal) return;
        // Readers that look in just now may keep SQLite from changing the mode. The log is empty all the same, so the
        // one file holds everything.
        database.set_busy_timeout(busy_milliseconds_at_end);
        sqlite3_wal_checkpoint_v2(database.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
        try {
            static_cast<void>(database.query_text("PRAGMA journal_mode = DELETE"));
        } catch (const SqliteError& error) {
            if (error.code() != SQLITE_BUSY && error.code() != SQLITE_LOCKED) throw;
        }
    }

    /// Runs `work`; SQLite's errors become sentences, and what was not committed is taken back.
    template <class Work>
    void guarded(Work work) {
        try {
            work();
        } catch (const SqliteError& error) {
            if (database.in_transaction()) sqlite3_exec(database.get(), "ROLLBACK", nullptr, nullptr, nullptr);
            throw WorkError(file.string() + ": the run cannot be recorded: " + error.what());
        }
    }

    std::filesystem::path file;
    SqliteDatabase database;
    bool wal = false;
    std::optional<SqliteStatement> insert_scalar, insert_frame, insert_record, insert_name;
    std::unordered_map<std::string, std::int64_t> names;
    std::int64_t sequence = 0;
    std::int64_t step = 0;
    Clock::time_point began;
};

RunStoreWriter::RunStoreWriter(const std::filesystem::path& file) {
    ignore_file_size_signal();
    try {
        implementation_ = std::make_unique<Implementation>(file);
    } catch (const SqliteError& error) {
        const int code = error.code();
        if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) throw InputError(file.string() + ": this is no run store");
        if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY || code == SQLITE_PERM)
            throw InputError(file.string() + ": cannot be written: " + error.what());
        throw WorkError(file.string() + ": the run cannot be recorded: " + error.what());
    }
}

RunStoreWriter::~RunStoreWriter() {
    if (!implementation_) return;
    try {
        implementation_->commit();
    } catch (const SqliteError&) {
        // The failure that led here has been reported; what was committed before stays.
    }
}

void RunStoreWriter::write(const RunEvent& event) {
    implementation_->guarded([&] {
        implementation_->begin();
        std::visit([this](const auto& one) { implementation_->insert(one); }, event);
        if (changes_state(event) || Clock::now() - implementation_->began >= commit_interval) implementation_->commit();
    });
}

void RunStoreWriter::commit() {
    implementation_->guarded([this] { implementation_->commit(); });
    std::filesystem::path log = implementation_->file;
    log += "-wal";
    std::error_code error;
    if (implementation_->wal && std::filesystem::exists(log, error)) sync_path(log);
}

void RunStoreWriter::rewind(std::int64_t step) {
    implementation_->guarded([&] { implementation_->rewind(step); });
}

void RunStoreWriter::close() {
    if (!implementation_) return;
    implementation_->guarded([this] { implementation_->close(); });
    implementation_.reset();
}

}  // namespace wavlab
