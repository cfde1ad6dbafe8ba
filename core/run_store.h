// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/run_event.h"

namespace wavlab {

// While a process has a run.db open through these classes, it must not open the file in any other way: closing that
// descriptor would drop SQLite's locks (POSIX). Copy the file once the run has ended.

/// Writes a run's `run.db` (SQLite, WAL where the file system allows it, else DELETE). Used by the trainer's thread
/// only. Every event goes in; commits happen every 0.5 s, on events that change the run's state and on `commit()`.
/// Throws WorkError that names the file and reason, InputError when the file is no run store or cannot be opened.
class RunStoreWriter {
public:
    /// Opens or makes the store.
    explicit RunStoreWriter(const std::filesystem::path& file);
    ~RunStoreWriter();

    void write(const RunEvent& event);
    /// Durable when it returns. Call it before a checkpoint is renamed into place.
    void commit();
    /// Removes every record of steps after `step` (what a resumed run will write again), and the end record.
    void rewind(std::int64_t step);
    /// Commits, checkpoints the WAL and switches to journal_mode=DELETE, so that the one file holds all.
    void close();

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

enum class FrameKind { routing, details, depth };
std::string to_string(FrameKind kind);

/// What a reader finds, in the order in which it was written.
class RunStoreSink {
public:
    virtual ~RunStoreSink() = default;
    /// The writer took back what is after this step; it comes before anything else.
    virtual void rewound(std::int64_t step) = 0;
    /// Whether values of this name are to come; the others are passed over, which is much quicker. Asked at each poll.
    virtual bool wants(const std::string& name) { return static_cast<void>(name), true; }
    virtual void scalar(std::int64_t step, const std::string& name, double value) = 0;
    virtual void frame(FrameKind kind, std::int64_t step) = 0;
    virtual void event(RunEvent event) = 0;  ///< neither scalars nor frames
};

/// Reads a run's `run.db`, read-only, also while another process writes it. Throws InputError when it is no run store.
class RunStoreReader {
public:
    explicit RunStoreReader(const std::filesystem::path& file);
    ~RunStoreReader();

    /// The events that were committed since the last call, in their order; frames come as FrameStored (see below) so
    /// that opening a long run does not read them all. A rewind by the writer makes `rewound` return the step.
    struct Update {
        std::optional<std::int64_t> rewound_to;  ///< drop what is after this step before applying the rest
        std::vector<RunEvent> events;            ///< without frames
        struct StoredFrame {
            FrameKind kind;
            std::int64_t step;
        };
        std::vector<StoredFrame> frames;
    };
    Update poll();
    /// The same without collecting it, for long runs.
    void poll(RunStoreSink& sink);
    /// The values of one name, as far as the last poll has read, in the order in which they were written.
    void read_scalars(const std::string& name, const std::function<void(std::int64_t step, double value)>& take);
    /// Whether the store holds any of a name that the last poll has seen, without reading them.
    bool has_scalars(const std::string& name);

    std::optional<RoutingFrame> routing_frame(std::int64_t step) const;
    std::optional<DetailFrame> detail_frame(std::int64_t step) const;
    std::optional<DepthFrame> depth_frame(std::int64_t step) const;

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace wavlab
