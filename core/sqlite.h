// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace wavlab {

/// A result code of SQLite. Callers turn it into an InputError or a WorkError.
class SqliteError : public std::runtime_error {
public:
    SqliteError(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
    int code() const { return code_ & 0xff; }  ///< without the extended part

private:
    int code_;
};

/// A connection. Used by one thread at a time.
class SqliteDatabase {
public:
    enum class Mode { write, read, immutable };

    SqliteDatabase(const std::filesystem::path& file, Mode mode);

    void execute(const char* sql);
    /// The first column of the first row, as text; empty without a row.
    std::string query_text(const char* sql);
    std::int64_t query_number(const char* sql);
    void set_busy_timeout(int milliseconds);
    bool in_transaction() const;
    sqlite3* get() const { return handle_.get(); }

private:
    struct Closer {
        void operator()(sqlite3* handle) const;
    };
    std::unique_ptr<sqlite3, Closer> handle_;
};

/// A prepared statement. Parameters and columns are numbered from 1 and from 0, as in SQLite.
class SqliteStatement {
public:
    SqliteStatement(const SqliteDatabase& database, const char* sql);

    SqliteStatement& bind(int parameter, std::int64_t value);
    SqliteStatement& bind(int parameter, double value);  ///< NaN is stored as NULL
    /// The bytes are borrowed until the next `run` or `reset`.
    SqliteStatement& bind(int parameter, std::string_view text);
    SqliteStatement& bind_blob(int parameter, std::string_view bytes);

    /// Whether there is a (further) row.
    bool next();
    /// Executes to the end and makes ready for new values.
    void run();
    void reset();

    std::int64_t number(int column) const;
    double real(int column) const;  ///< NULL is NaN
    std::string_view text(int column) const;
    std::string_view blob(int column) const;

private:
    void require(int result) const;

    struct Finalizer {
        void operator()(sqlite3_stmt* statement) const;
    };
    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

}  // namespace wavlab
