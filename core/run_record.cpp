// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_record.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "core/error.h"
#include "core/frame_index.h"
#include "core/run_folder.h"

namespace wavlab {

namespace {

bool is_live(RunState state) { return state == RunState::running || state == RunState::paused; }

std::filesystem::path normal_folder(const std::filesystem::path& folder) {
    std::filesystem::path path = std::filesystem::absolute(folder).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

/// Evaluated again at the same step, on demand: the newer value counts.
void add_value(ScalarSeries& series, double at, double value) {
    if (series.steps.empty() || series.steps.back() < at) {
        series.steps.push_back(at);
        series.values.push_back(value);
        return;
    }
    const auto place = std::lower_bound(series.steps.begin(), series.steps.end(), at);
    const auto value_place = series.values.begin() + (place - series.steps.begin());
    if (*place == at) {
        *value_place = value;
    } else {
        series.values.insert(value_place, value);
        series.steps.insert(place, at);
    }
}

}  // namespace

std::optional<double> ScalarSeries::last() const {
    return values.empty() ? std::nullopt : std::optional(values.back());
}

std::optional<double> ScalarSeries::smallest_finite() const {
    std::optional<double> smallest;
    for (const double value : values)
        if (std::isfinite(value) && (!smallest || value < *smallest)) smallest = value;
    return smallest;
}

RecordChanges& RecordChanges::operator|=(const RecordChanges& other) {
    description |= other.description;
    scalars |= other.scalars;
    routing |= other.routing;
    details |= other.details;
    depth |= other.depth;
    state |= other.state;
    samples |= other.samples;
    probes |= other.probes;
    return *this;
}

/// What is read on demand.
struct RunRecord::Frames {
    FrameIndex<RoutingFrame> routing;
    FrameIndex<DetailFrame> details;
    FrameIndex<DepthFrame> depth;
    std::unique_ptr<RunStoreReader> reader;
    std::string problem;
    /// Scalars that the store holds and nobody has asked for, and those that somebody has. The losses, which every
    /// view of a run draws, are read at once and are not among them.
    std::set<std::string> unread_scalars;
    std::map<std::string, ScalarSeries> asked_scalars;

    static bool is_read_at_once(const std::string& name) { return name == "train/loss" || name == "val/loss"; }

    /// One of these scalars, read now if it was not before; null for all others, and when it cannot be read.
    ScalarSeries* asked(const std::string& name, const RunFolder& run) {
        if (unread_scalars.erase(name) > 0) {
            ScalarSeries series;
            try {
                if (!reader) reader = std::make_unique<RunStoreReader>(run.store());
                reader->read_scalars(name,
                                     [&](std::int64_t step, double value) { add_value(series, double(step), value); });
                asked_scalars[name] = std::move(series);
            } catch (const InputError& error) {
                problem = name + " cannot be shown: " + error.what();
            }
        }
        const auto found = asked_scalars.find(name);
        return found == asked_scalars.end() ? nullptr : &found->second;
    }

    void ask_for_all(const RunFolder& run) {
        const std::set<std::string> names = unread_scalars;
        for (const std::string& name : names) asked(name, run);
    }

    /// Loads through the reader, which is opened when it is needed first. A frame that cannot be read is none, and a
    /// problem to show.
    template <class Frame, class Read>
    std::shared_ptr<const Frame> find(FrameIndex<Frame>& index, std::int64_t step, const RunFolder& run, Read read) {
        return index.find(step, [&](std::int64_t wanted) -> std::optional<Frame> {
            try {
                if (!reader) reader = std::make_unique<RunStoreReader>(run.store());
                if (auto frame = (reader.get()->*read)(wanted)) return frame;
                problem =
                    "The record of step " + std::to_string(wanted) + " is missing in " + run.store().string() + ".";
            } catch (const InputError& error) {
                problem = "The record of step " + std::to_string(wanted) + " cannot be shown: " + error.what();
            }
            return std::nullopt;
        });
    }
};

/// Takes what the store's reader finds into the record.
class RunRecord::StoreSink : public RunStoreSink {
public:
    explicit StoreSink(RunRecord& record) : record_(record) {}

    /// Passes over everything from this start on: it comes as events, and so does what is new of every scalar.
    void stop_at(const RunStarted& started) { stop_ = &started; }

    bool wants(const std::string& name) override {
        Frames& later = *record_.frames_;
        if (stop_ || Frames::is_read_at_once(name) || later.asked_scalars.contains(name)) return true;
        later.unread_scalars.insert(name);
        return false;
    }

    void rewound(std::int64_t step) override {
        series_.clear();
        record_.drop_after(step);
        changes |= {true, true, true, true, true, true, true};
    }
    void scalar(std::int64_t step, const std::string& name, double value) override {
        if (stopped_) return;
        // The reader keeps its names, so that where each belongs need not be looked up for every value.
        ScalarSeries*& series = series_[&name];
        if (!series) {
            const auto asked = record_.frames_->asked_scalars.find(name);
            series = asked == record_.frames_->asked_scalars.end() ? &record_.scalars_[name] : &asked->second;
        }
        record_.add_scalar(*series, step, value);
        changes.scalars = true;
    }
    void frame(FrameKind kind, std::int64_t step) override {
        if (!stopped_) changes |= record_.on_stored_frame(kind, step);
    }
    void event(RunEvent event) override {
        series_.clear();  // a start drops some
        const auto* started = std::get_if<RunStarted>(&event);
        if (stop_ && started && started->first_step == stop_->first_step &&
            started->description.started_at == stop_->description.started_at)
            stopped_ = true;
        if (!stopped_) changes |= std::visit([this](const auto& one) { return record_.on(one); }, event);
    }

    RecordChanges changes;

private:
    RunRecord& record_;
    const RunStarted* stop_ = nullptr;
    bool stopped_ = false;
    std::unordered_map<const std::string*, ScalarSeries*> series_;
};

RunRecord::RunRecord(std::filesystem::path folder)
    : folder_(normal_folder(folder)), frames_(std::make_shared<Frames>()) {}

std::string RunRecord::name() const { return folder_.filename().string(); }

RecordChanges RunRecord::apply(const RunEvent& event) {
    if (const auto* started = std::get_if<RunStarted>(&event))
        if (started->first_step > 0 && description_.experiment.empty() && scalars_.empty()) load_history(*started);
    if (std::holds_alternative<RunStarted>(event)) {
        // From here on this process writes the store: what it held before is read as it is now.
        frames_->ask_for_all(RunFolder{folder_});
    }
    has_applied_ = true;
    return std::visit([this](const auto& one) { return on(one); }, event);
}

void RunRecord::load_history(const RunStarted& started) {
    try {
        RunStoreReader reader(RunFolder{folder_}.store());
        StoreSink sink(*this);
        sink.stop_at(started);
        reader.poll(sink);
    } catch (const InputError& error) {
        messages_.push_back(std::string("What the run recorded before cannot be shown: ") + error.what());
        message_steps_.push_back(started.first_step);
    }
}

RecordChanges RunRecord::follow_store() {
    const RunFolder run{folder_};
    if (has_applied_) *this = RunRecord(folder_);  // the store holds all of it, and where it ends is not known here
    const RunState shown = state_;
    // A writer commits its last word before it lets go of the lock, so only a lock that was free all along says that
    // nobody will.
    const bool held_before = RunLock::is_held(run);
    StoreSink sink(*this);
    const bool is_first = !frames_->reader;
    if (is_first) frames_->reader = std::make_unique<RunStoreReader>(run.store());
    frames_->reader->poll(sink);
    if (is_first && !is_live(state_))
        for (auto& [name, series] : scalars_) {
            series.steps.shrink_to_fit();
            series.values.shrink_to_fit();
        }
    if (is_live(state_) && !held_before && !RunLock::is_held(run)) {
        state_ = RunState::interrupted;
        reason_ = interrupted_reason;
    }
    sink.changes.state |= state_ != shown;
    return sink.changes;
}

void RunRecord::drop_after(std::int64_t step) {
    for (auto* all : {&scalars_, &frames_->asked_scalars})
        for (auto series = all->begin(); series != all->end();) {
            std::vector<double>& steps = series->second.steps;
            const auto kept = std::upper_bound(steps.begin(), steps.end(), double(step)) - steps.begin();
            steps.resize(static_cast<std::size_t>(kept));
            series->second.values.resize(static_cast<std::size_t>(kept));
            series = steps.empty() ? all->erase(series) : std::next(series);
        }
    const auto is_later = [step](const auto& entry) { return entry.step > step; };
    std::erase_if(samples_, is_later);
    std::erase_if(checkpoints_, is_later);
    for (std::size_t i = messages_.size(); i-- > 0;) {
        if (message_steps_[i] <= step) continue;
        messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i));
        message_steps_.erase(message_steps_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    frames_->routing.drop_after(step);
    frames_->details.drop_after(step);
    frames_->depth.drop_after(step);
    step_ = std::min(step_, std::max<std::int64_t>(step, 0));
    state_ = RunState::running;
    reason_.clear();
}

/// The last start becomes an earlier one; those whose steps are all written again are forgotten.
void RunRecord::keep_start_before(std::int64_t first_step) {
    if (!description_.experiment.empty())
        earlier_starts_.push_back({first_step_, first_step, std::move(description_)});
    std::erase_if(earlier_starts_, [&](const EarlierStart& start) { return start.first_step >= first_step; });
    if (!earlier_starts_.empty()) earlier_starts_.back().last_step = first_step;
    first_step_ = first_step;
}

RecordChanges RunRecord::on(const RunStarted& started) {
    // A run that starts over writes step 0 again too.
    drop_after(started.first_step > 0 ? started.first_step : -1);
    keep_start_before(started.first_step);
    description_ = started.description;
    try {
        experiment_ = parse_recorded_experiment(description_.experiment);
    } catch (const InputError&) {
        experiment_ = Experiment();
    }
    experiment_.folder = folder_;
    step_ = started.first_step;
    total_steps_ = started.total_steps;
    return {true, true, true, true, true, true, true};
}

void RunRecord::add_scalar(ScalarSeries& series, std::int64_t step, double value) {
    step_ = std::max(step_, step);
    add_value(series, double(step), value);
}

RecordChanges RunRecord::on(const ScalarRecorded& scalar) {
    ScalarSeries* asked = frames_->asked(scalar.name, RunFolder{folder_});
    add_scalar(asked ? *asked : scalars_[scalar.name], scalar.step, scalar.value);
    return {.scalars = true};
}

RecordChanges RunRecord::on(const RoutingFrame& frame) {
    frames_->routing.add(frame);
    step_ = std::max(step_, frame.step);
    return {.routing = true};
}

RecordChanges RunRecord::on(const DetailFrame& frame) {
    frames_->details.add(frame);
    step_ = std::max(step_, frame.step);
    return {.details = true};
}

RecordChanges RunRecord::on(const DepthFrame& frame) {
    frames_->depth.add(frame);
    step_ = std::max(step_, frame.step);
    return {.depth = true};
}

RecordChanges RunRecord::on_stored_frame(FrameKind kind, std::int64_t step) {
    step_ = std::max(step_, step);
    switch (kind) {
        case FrameKind::routing:
            frames_->routing.add_step(step);
            return {.routing = true};
        case FrameKind::details:
            frames_->details.add_step(step);
            return {.details = true};
        default:
            frames_->depth.add_step(step);
            return {.depth = true};
    }
}

RecordChanges RunRecord::on(const CheckpointSaved& saved) {
    std::erase_if(checkpoints_, [&](const CheckpointSaved& known) { return known.step == saved.step; });
    checkpoints_.push_back(saved);
    step_ = std::max(step_, saved.step);
    return {.state = true};
}

RecordChanges RunRecord::on(const SampleDrawn& sample) {
    samples_.push_back(sample);
    step_ = std::max(step_, sample.step);
    return {.samples = true};
}

RecordChanges RunRecord::on(const Message& message) {
    messages_.push_back(message.text);
    message_steps_.push_back(step_);
    return {.state = true};
}

RecordChanges RunRecord::on(const StateChanged& changed) {
    state_ = changed.state;
    reason_.clear();
    return {.state = true};
}

RecordChanges RunRecord::on(const RunEnded& ended) {
    state_ = ended.state;
    reason_ = ended.reason;
    step_ = std::max(step_, ended.step);
    return {.state = true};
}

const ScalarSeries* RunRecord::scalars(const std::string& name) const {
    const auto found = scalars_.find(name);
    if (found != scalars_.end()) return &found->second;
    const ScalarSeries* asked = frames_->asked(name, RunFolder{folder_});
    return asked && !asked->steps.empty() ? asked : nullptr;
}

bool RunRecord::is_read(const std::string& name) const { return !frames_->unread_scalars.contains(name); }

std::vector<std::string> RunRecord::scalar_names() const {
    std::set<std::string> names;
    try {
        for (const std::string& name : frames_->unread_scalars)  // a rewind may have taken all values of one
            if (frames_->reader->has_scalars(name)) names.insert(name);
    } catch (const InputError& error) {
        frames_->problem = std::string("Not all that was recorded can be named: ") + error.what();
    }
    for (const auto& [name, series] : scalars_) names.insert(name);
    for (const auto& [name, series] : frames_->asked_scalars)
        if (!series.steps.empty()) names.insert(name);
    return {names.begin(), names.end()};
}

const std::vector<std::int64_t>& RunRecord::frame_steps(FrameKind kind) const {
    switch (kind) {
        case FrameKind::routing:
            return frames_->routing.steps();
        case FrameKind::details:
            return frames_->details.steps();
        default:
            return frames_->depth.steps();
    }
}

std::shared_ptr<const RoutingFrame> RunRecord::routing_frame(std::int64_t step) const {
    return frames_->find(frames_->routing, step, RunFolder{folder_}, &RunStoreReader::routing_frame);
}

std::shared_ptr<const DetailFrame> RunRecord::detail_frame(std::int64_t step) const {
    return frames_->find(frames_->details, step, RunFolder{folder_}, &RunStoreReader::detail_frame);
}

std::shared_ptr<const DepthFrame> RunRecord::depth_frame(std::int64_t step) const {
    return frames_->find(frames_->depth, step, RunFolder{folder_}, &RunStoreReader::depth_frame);
}

const std::string& RunRecord::frame_problem() const { return frames_->problem; }

}  // namespace wavlab
