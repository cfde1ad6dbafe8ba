// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/routing_export.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/npz_file.h"
#include "core/run_folder.h"
#include "core/run_store.h"

namespace wavlab {
namespace {

constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

/// What of a run's store the export needs before it reads frames.
class FrameListSink : public RunStoreSink {
public:
    void rewound(std::int64_t) override {}
    bool wants(const std::string&) override { return false; }
    void scalar(std::int64_t, const std::string&, double) override {}
    void frame(FrameKind kind, std::int64_t step) override { found_[kind].insert(step); }
    void event(RunEvent event) override {
        if (auto* started = std::get_if<RunStarted>(&event)) description = std::move(started->description);
    }

    std::vector<std::int64_t> steps(FrameKind kind) const {
        const auto found = found_.find(kind);
        return found == found_.end() ? std::vector<std::int64_t>()
                                     : std::vector(found->second.begin(), found->second.end());
    }

    RunDescription description;

private:
    std::map<FrameKind, std::set<std::int64_t>> found_;
};

std::optional<RoutingFrame> read(const RunStoreReader& store, std::int64_t step, const RoutingFrame*) {
    return store.routing_frame(step);
}
std::optional<DetailFrame> read(const RunStoreReader& store, std::int64_t step, const DetailFrame*) {
    return store.detail_frame(step);
}
std::optional<DepthFrame> read(const RunStoreReader& store, std::int64_t step, const DepthFrame*) {
    return store.depth_frame(step);
}

/// The frames of one kind, one in memory at a time.
template <class Frame>
class Frames {
public:
    Frames(const RunStoreReader& store, std::vector<std::int64_t> steps) : store_(store), steps_(std::move(steps)) {
        for_each([this](const Frame& frame) {
            for (const auto& [name, member] : Frame::fields())
                longest_[name] = std::max(longest_[name], (frame.*member).size());
        });
    }

    const std::vector<std::int64_t>& steps() const { return steps_; }
    /// Most values that a frame has of this field; 0 where none has any.
    std::size_t longest(const std::string& field) const { return longest_.at(field); }

    template <class Work>
    void for_each(Work work) const {
        for (const std::int64_t step : steps_) {
            const auto frame = read(store_, step, static_cast<const Frame*>(nullptr));
            if (!frame)
                throw WorkError("the frame of step " + std::to_string(step) +
                                " was taken back while it was exported: the run goes on from an earlier checkpoint");
            work(*frame);
        }
    }

private:
    const RunStoreReader& store_;
    std::vector<std::int64_t> steps_;
    std::map<std::string, std::size_t> longest_;
};

/// Where the values of a frame stand in rows of `width` each: the places of its cells.
void write_rows(NpzFile& file, const std::vector<float>& values, const std::vector<std::size_t>& places,
                std::size_t width) {
    if (!values.empty() && values.size() != places.size())
        throw InputError("a recorded frame does not have as many values as the run has sources");
    std::vector<float> rows(width, nothing);
    for (std::size_t cell = 0; cell < values.size(); ++cell) rows[places[cell]] = values[cell];
    file.write(rows);
}

/// Of every cell its place in a table of routers by columns.
std::vector<std::size_t> table_places(const RoutingLayout& layout, const std::vector<Source>& columns) {
    std::map<std::string, std::size_t> column_of;
    for (const Source& source : columns) column_of.emplace(label(source), column_of.size());
    std::vector<std::size_t> places;
    for (std::size_t router = 0; router < layout.routers.size(); ++router)
        for (const Source& source : layout.routers[router])
            places.push_back(router * columns.size() + column_of.at(label(source)));
    return places;
}

void add_routing(NpzFile& file, const Frames<RoutingFrame>& frames, const RoutingLayout& layout) {
    const std::vector<Source> columns = layout.columns();
    const std::size_t routers = layout.routers.size();
    std::vector<std::int64_t> numbers(routers);
    std::iota(numbers.begin(), numbers.end(), 1);
    std::vector<std::string> labels;
    for (const Source& source : columns) labels.push_back(label(source));
    file.add("steps", frames.steps());
    file.add("routers", numbers);
    file.add("sources", labels);

    const std::vector<std::size_t> cells = table_places(layout, columns);
    std::vector<std::size_t> rows(routers);
    std::iota(rows.begin(), rows.end(), 0);
    for (const auto& [name, member] : RoutingFrame::fields()) {
        if (frames.longest(name) == 0) continue;
        const bool by_cell = member == &RoutingFrame::weight || member == &RoutingFrame::weight_spread ||
                             member == &RoutingFrame::contribution || member == &RoutingFrame::attribution;
        std::vector<std::size_t> shape{frames.steps().size(), routers};
        if (by_cell) shape.push_back(columns.size());
        file.begin(member == &RoutingFrame::weight ? "weights" : name, shape);
        frames.for_each([&, member = member](const RoutingFrame& frame) {
            if (by_cell)
                write_rows(file, frame.*member, cells, routers * columns.size());
            else
                write_rows(file, frame.*member, rows, routers);
        });
    }
}

template <class Frame>
void add_fields(NpzFile& file, const Frames<Frame>& frames, const std::string& prefix) {
    if (frames.steps().empty()) return;
    file.add(prefix + "steps", frames.steps());
    for (const auto& [name, member] : Frame::fields()) {
        const std::size_t width = frames.longest(name);
        if (width == 0) continue;
        file.begin(prefix + name, {frames.steps().size(), width});
        frames.for_each([&, member = member](const Frame& frame) {
            std::vector<float> row = frame.*member;
            row.resize(width, nothing);
            file.write(row);
        });
    }
}

}  // namespace

void export_routing(const RunFolder& run, const std::filesystem::path& target) {
    if (target.extension() != ".npz")
        throw InputError(target.string() + ": the name of a file of routing frames must end in .npz");
    RunStoreReader store(run.store());
    FrameListSink list;
    store.poll(list);
    const std::vector<std::int64_t> steps = list.steps(FrameKind::routing);
    if (list.description.routing.empty())
        throw InputError(run.path.string() + ": this run's method has no routing, so there are no routing frames");
    if (steps.empty())
        throw InputError(run.path.string() + ": this run has recorded no routing frame (train.record_every says when)");
    const Frames<RoutingFrame> routing(store, steps);
    const Frames<DetailFrame> details(store, list.steps(FrameKind::details));
    const Frames<DepthFrame> depth(store, list.steps(FrameKind::depth));
    NpzFile file(target);
    add_routing(file, routing, list.description.routing);
    add_fields(file, details, "detail_");
    add_fields(file, depth, "depth_");
    file.commit();
}

}  // namespace wavlab
