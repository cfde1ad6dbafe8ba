// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <optional>
#include <unordered_map>

#include <sqlite3.h>

#include "core/error.h"
#include "core/frame_codec.h"
#include "core/run_store.h"
#include "core/run_store_file.h"
#include "core/sqlite.h"
#include "core/stored_event.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

constexpr std::int64_t largest_step = 1'000'000'000'000;

std::optional<FrameKind> parse_frame_kind(std::string_view text) {
    for (const FrameKind kind : {FrameKind::routing, FrameKind::details, FrameKind::depth})
        if (text == to_string(kind)) return kind;
    return std::nullopt;
}

/// Rows of one table that are newer than a sequence number, one at a time.
class Cursor {
public:
    Cursor(const SqliteDatabase& database, const char* sql, std::int64_t after) : statement_(database, sql) {
        statement_.bind(1, after);
        advance();
    }
    std::int64_t sequence() const { return sequence_; }  ///< INT64_MAX at the end
    std::int64_t step() const {
        const std::int64_t step = statement_.number(1);
        if (step < 0 || step > largest_step) throw InputError("it holds an impossible step");
        return step;
    }
    const SqliteStatement& row() const { return statement_; }
    void advance() { sequence_ = statement_.next() ? statement_.number(0) : INT64_MAX; }

private:
    SqliteStatement statement_;
    std::int64_t sequence_ = INT64_MAX;
};

}  // namespace

std::string to_string(FrameKind kind) {
    switch (kind) {
        case FrameKind::routing:
            return RoutingFrame::kind;
        case FrameKind::details:
            return DetailFrame::kind;
        default:
            return DepthFrame::kind;
    }
}

struct RunStoreReader::Implementation {
    explicit Implementation(const fs::path& path) : file(path) {}

    void poll(const SqliteDatabase& store, RunStoreSink& sink) {
        // One transaction, so that all tables are seen as of the same commit.
        SqliteStatement(store, "BEGIN").run();
        struct End {
            const SqliteDatabase& store;
            ~End() { sqlite3_exec(store.get(), "ROLLBACK", nullptr, nullptr, nullptr); }
        } end{store};
        read_rewinds(store, sink);
        read_names(store);
        read_rows(store, sink);
    }

    void read_rewinds(const SqliteDatabase& store, RunStoreSink& sink) {
        SqliteStatement rewinds(store, "SELECT max(generation), min(step) FROM rewinds WHERE generation > ?1");
        rewinds.bind(1, generation);
        if (!rewinds.next() || rewinds.number(0) <= generation) return;
        generation = rewinds.number(0);
        if (sequence > 0) sink.rewound(rewinds.number(1));
    }

    void read_names(const SqliteDatabase& store) {
        SqliteStatement rows(store, "SELECT id, name FROM names WHERE id > ?1");
        rows.bind(1, last_name);
        while (rows.next()) {
            last_name = rows.number(0);
            names[last_name] = rows.text(1);
        }
    }

    /// Empty when values of all names are wanted. One without a name is wanted: it is an error.
    std::string names_condition(RunStoreSink& sink) const {
        std::string list;
        for (const auto& [id, name] : names)
            if (!sink.wants(name)) list += (list.empty() ? "" : ", ") + std::to_string(id);
        return list.empty() ? list : " AND name NOT IN (" + list + ")";
    }

    void read_scalars(const SqliteDatabase& store, const std::string& name,
                      const std::function<void(std::int64_t, double)>& take) const {
        for (const auto& [id, known] : names) {
            if (known != name) continue;
            SqliteStatement rows(store,
                                 "SELECT step, value FROM scalars WHERE name = ?1 AND sequence <= ?2"
                                 " ORDER BY sequence");
            rows.bind(1, id).bind(2, sequence);
            while (rows.next()) {
                if (rows.number(0) < 0 || rows.number(0) > largest_step)
                    throw InputError("it holds an impossible step");
                take(rows.number(0), rows.real(1));
            }
        }
    }

    bool has_scalars(const SqliteDatabase& store, const std::string& name) const {
        SqliteStatement row(store, "SELECT EXISTS(SELECT 1 FROM scalars WHERE name = ?1)");
        for (const auto& [id, known] : names)
            if (known == name) return row.bind(1, id).next() && row.number(0) != 0;
        return false;
    }

    void read_rows(const SqliteDatabase& store, RunStoreSink& sink) {
        const std::string wanted = "SELECT sequence, step, name, value FROM scalars WHERE sequence > ?1" +
                                   names_condition(sink) + " ORDER BY sequence";
        Cursor scalars(store, wanted.c_str(), sequence);
        Cursor frames(store, "SELECT sequence, step, kind FROM frames WHERE sequence > ?1 ORDER BY sequence", sequence);
        Cursor records(store, "SELECT sequence, step, type, data FROM records WHERE sequence > ?1 ORDER BY sequence",
                       sequence);
        while (true) {
            const std::int64_t next = std::min({scalars.sequence(), frames.sequence(), records.sequence()});
            if (next == INT64_MAX) return;
            sequence = next;
            if (next == scalars.sequence()) {
                const auto name = names.find(scalars.row().number(2));
                if (name == names.end()) throw InputError("it holds a value without a name");
                sink.scalar(scalars.step(), name->second, scalars.row().real(3));
                scalars.advance();
            } else if (next == frames.sequence()) {
                if (const auto kind = parse_frame_kind(frames.row().text(2))) sink.frame(*kind, frames.step());
                frames.advance();
            } else {
                sink.event(parse_stored_event(std::string(records.row().text(2)), records.step(),
                                              std::string(records.row().text(3))));
                records.advance();
            }
        }
    }

    template <class Frame>
    std::optional<Frame> frame(std::int64_t step) {
        return file.with_database([&](const SqliteDatabase& store) -> std::optional<Frame> {
            SqliteStatement row(store,
                                "SELECT data FROM frames WHERE kind = ?1 AND step = ?2 ORDER BY sequence DESC LIMIT 1");
            row.bind(1, std::string_view(Frame::kind)).bind(2, step);
            if (!row.next()) return std::nullopt;
            return unpack_frame<Frame>(row.blob(0), step);
        });
    }

    RunStoreFile file;
    std::int64_t sequence = 0;    ///< the last that was read
    std::int64_t generation = 0;  ///< of the last rewind that was seen
    std::int64_t last_name = 0;
    std::unordered_map<std::int64_t, std::string> names;
};

RunStoreReader::RunStoreReader(const fs::path& file)
    : implementation_(std::make_unique<Implementation>(fs::absolute(file))) {
    implementation_->file.with_database([](const SqliteDatabase&) {});
}

RunStoreReader::~RunStoreReader() = default;

void RunStoreReader::poll(RunStoreSink& sink) {
    implementation_->file.with_database([&](const SqliteDatabase& store) { implementation_->poll(store, sink); });
}

RunStoreReader::Update RunStoreReader::poll() {
    struct Collector : RunStoreSink {
        Update update;
        void rewound(std::int64_t step) override { update.rewound_to = step; }
        void scalar(std::int64_t step, const std::string& name, double value) override {
            update.events.push_back(ScalarRecorded{step, name, value});
        }
        void frame(FrameKind kind, std::int64_t step) override { update.frames.push_back({kind, step}); }
        void event(RunEvent event) override { update.events.push_back(std::move(event)); }
    } collector;
    poll(collector);
    return std::move(collector.update);
}

void RunStoreReader::read_scalars(const std::string& name, const std::function<void(std::int64_t, double)>& take) {
    implementation_->file.with_database(
        [&](const SqliteDatabase& store) { implementation_->read_scalars(store, name, take); });
}

bool RunStoreReader::has_scalars(const std::string& name) {
    const auto& known = implementation_->names;
    // A name comes with its first value, and only a rewind takes values back.
    if (implementation_->generation == 0)
        return std::any_of(known.begin(), known.end(), [&](const auto& one) { return one.second == name; });
    return implementation_->file.with_database(
        [&](const SqliteDatabase& store) { return implementation_->has_scalars(store, name); });
}

std::optional<RoutingFrame> RunStoreReader::routing_frame(std::int64_t step) const {
    return implementation_->frame<RoutingFrame>(step);
}

std::optional<DetailFrame> RunStoreReader::detail_frame(std::int64_t step) const {
    return implementation_->frame<DetailFrame>(step);
}

std::optional<DepthFrame> RunStoreReader::depth_frame(std::int64_t step) const {
    return implementation_->frame<DepthFrame>(step);
}

}  // namespace wavlab
