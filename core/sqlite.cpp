// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/sqlite.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>

#include <sqlite3.h>

namespace wavlab {

namespace {

constexpr int largest_value = 200 << 20;  // bytes of one text or blob

/// A path as SQLite's URI form wants it.
std::string uri_of(const std::filesystem::path& file, const char* parameters) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr std::string_view plain = "/-_.~";
    std::string uri = "file:";
    for (const char c : std::filesystem::absolute(file).string()) {
        const auto byte = static_cast<unsigned char>(c);
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (letter || plain.find(c) != std::string_view::npos)
            uri += c;
        else
            uri += {'%', digits[byte >> 4], digits[byte & 15]};
    }
    return uri + parameters;
}

[[noreturn]] void fail(sqlite3* handle, int code) {
    std::string message = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    const int reason = handle ? sqlite3_system_errno(handle) : 0;
    const int primary = code & 0xff;
    if (primary == SQLITE_FULL || (primary == SQLITE_IOERR && reason == ENOSPC))
        message = "the disk is full";
    else if (primary == SQLITE_IOERR && reason == EFBIG)
        message = "the file is larger than allowed here";
    else if (primary == SQLITE_IOERR)  // what cleaning up does may have replaced the reason
        message = "the disk reports an error" + (reason == 0 ? "" : ": " + std::string(std::strerror(reason)));
    else if (primary == SQLITE_CANTOPEN && reason != 0)
        message = std::strerror(reason);
    throw SqliteError(code, message);
}

}  // namespace

void SqliteDatabase::Closer::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file, Mode mode) {
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
    flags |= mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    const std::string uri = uri_of(file, mode == Mode::immutable ? "?immutable=1" : "");
    sqlite3* handle = nullptr;
    const int result = sqlite3_open_v2(uri.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (result != SQLITE_OK) fail(handle, result);
    // Files come from elsewhere too: nothing in a schema is trusted.
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, largest_value);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    execute("PRAGMA cell_size_check = ON");
}

void SqliteDatabase::execute(const char* sql) {
    const int result = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) fail(handle_.get(), result);
}

std::string SqliteDatabase::query_text(const char* sql) {
    SqliteStatement statement(*this, sql);
    return statement.next() ? std::string(statement.text(0)) : std::string();
}

std::int64_t SqliteDatabase::query_number(const char* sql) {
    SqliteStatement statement(*this, sql);
    return statement.next() ? statement.number(0) : 0;
}

void SqliteDatabase::set_busy_timeout(int milliseconds) { sqlite3_busy_timeout(handle_.get(), milliseconds); }

bool SqliteDatabase::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteStatement::SqliteStatement(const SqliteDatabase& database, const char* sql) : database_(database.get()) {
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr);
    statement_.reset(statement);
    require(result);
}

void SqliteStatement::require(int result) const {
    if (result != SQLITE_OK) fail(database_, result);
}

SqliteStatement& SqliteStatement::bind(int parameter, std::int64_t value) {
    require(sqlite3_bind_int64(statement_.get(), parameter, value));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, double value) {
    require(sqlite3_bind_double(statement_.get(), parameter, value));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::string_view text) {
    require(sqlite3_bind_text64(statement_.get(), parameter, text.data() ? text.data() : "", text.size(), SQLITE_STATIC,
                                SQLITE_UTF8));
    return *this;
}

SqliteStatement& SqliteStatement::bind_blob(int parameter, std::string_view bytes) {
    require(sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_STATIC));
    return *this;
}

bool SqliteStatement::next() {
    const int result = sqlite3_step(statement_.get());
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) fail(database_, result);
    return false;
}

void SqliteStatement::run() {
    const int result = sqlite3_step(statement_.get());
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        try {
            fail(database_, result);
        } catch (...) {
            sqlite3_reset(statement_.get());
            throw;
        }
    }
    reset();
}

void SqliteStatement::reset() { sqlite3_reset(statement_.get()); }

std::int64_t SqliteStatement::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double SqliteStatement::real(int column) const {
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::numeric_limits<double>::quiet_NaN();
    return sqlite3_column_double(statement_.get(), column);
}

std::string_view SqliteStatement::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    if (!text) return {};
    return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string_view SqliteStatement::blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    if (!bytes) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

}  // namespace wavlab
