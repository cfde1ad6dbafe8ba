// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bench/contest.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "app/bench/interruption.h"
#include "app/bench/scratch_folder.h"
#include "app/queue/child_run.h"
#include "core/error.h"
#include "core/method.h"
#include "model/model_library.h"

namespace wavlab {

namespace {

constexpr std::size_t checked_steps = 2;  // before anything is timed; they are the warm-up too
constexpr std::int64_t peer_batches = 8;
constexpr double shortest_turn = 0.1;  // seconds
constexpr std::int64_t most_steps_a_turn = 50;

/// One competitor in one implementation.
struct Entry {
    Competitor competitor;
    std::string implementation;
    std::unique_ptr<Contestant> contestant;
    std::optional<double> peak_bytes{};
    std::int64_t steps_a_turn = 1;
    std::vector<double> seconds{};  ///< a step, by round
};

class Contest {
public:
    Contest(const ContestRequest& request, ModelLibrary& library, Progress& progress)
        : request_(request), library_(library), progress_(progress) {}

    ContestResult hold() {
        for (const Competitor& competitor : request_.competitors) enter(competitor);
        if (entries_.empty()) throw WorkError("nothing of " + depth() + " can be measured: " + first_obstacle_);
        for (std::int64_t round = 0; round < request_.rounds; ++round) go_round(round);
        std::vector<BenchmarkRow> rows;
        for (const Entry& entry : entries_) {
            rows.push_back(row_of(entry));
            if (const std::string remark = entry.contestant->remark(); !remark.empty())
                notes_.push_back(fmt::format("{}: {}", name_of(entry.competitor, entry.implementation), remark));
        }
        return {rows, notes_};
    }

private:
    bool on_gpu() const { return request_.experiment.train.device != "cpu"; }
    std::string depth() const { return fmt::format("{} layers", request_.experiment.model.layers); }

    static std::string name_of(const Competitor& competitor, const std::string& implementation) {
        return fmt::format("{} ({} blocks) {}", competitor.method, competitor.blocks, implementation);
    }
    static std::string name_of(const Entry& entry) { return name_of(entry.competitor, entry.implementation); }

    void phase(const std::string& text) {
        require_no_interruption();
        progress_.phase(fmt::format("{}: {}", depth(), text));
    }

    void enter(const Competitor& competitor) {
        expected_.clear();
        bool start_written = false;
        const std::filesystem::path model = scratch_ / "model.safetensors";
        const std::filesystem::path batches = scratch_ / "batches.safetensors";
        for (const bool fused : {false, true})
            add(competitor, fused ? "fused" : "plain", [&]() -> std::unique_ptr<Contestant> {
                auto own = library_.make_benchmark_model(
                    {competitor_experiment(request_, competitor), request_.vocabulary, fused});
                if (request_.peers && !start_written) own->write_start(model, batches, peer_batches);
                start_written = true;
                return own;
            });
        if (!request_.peers || !start_written) return;
        const TrainSettings& train = request_.experiment.train;
        for (const std::string& mode : request_.peer_modes)
            add(competitor, "torch-" + mode, [&] {
                const std::filesystem::path errors = scratch_ / (std::to_string(entries_.size()) + ".log");
                return std::make_unique<Peer>(PeerRequest{*request_.peers, model, batches, errors, mode, train.device,
                                                          train.precision, train.threads},
                                              progress_);
            });
    }

    /// Makes an entry and takes it in, once it is seen to be the same model as those before it.
    template <class Make>
    void add(const Competitor& competitor, const std::string& implementation, Make make) {
        const std::string name = name_of(competitor, implementation);
        phase(name + (implementation == "torch-compile" ? ", compiling it takes long" : ""));
        try {
            Entry entry{competitor, implementation, make()};
            check(entry);
            entry.peak_bytes = memory_of(entry);
            entry.steps_a_turn = std::clamp<std::int64_t>(
                std::llround(std::ceil(shortest_turn / entry.contestant->time_steps(1))), 1, most_steps_a_turn);
            if (on_gpu()) entry.contestant->relax();
            entries_.push_back(std::move(entry));
        } catch (const OutOfMemory& problem) {
            leave_out(name, problem.what());
        } catch (const NoFusedImplementation& problem) {
            leave_out(name, std::string("there is none, as ") + problem.what());
        }
    }

    void leave_out(const std::string& name, const std::string& obstacle) {
        notes_.push_back(fmt::format("{} of {} is left out: {}", name, depth(), obstacle));
        if (first_obstacle_.empty()) first_obstacle_ = obstacle;
    }

    void check(const Entry& entry) {
        std::vector<StepFinding> found;
        for (std::size_t step = 0; step < checked_steps; ++step) {
            found.push_back(entry.contestant->check_step());
            require_no_interruption();
            if (!expected_.empty()) require_agreement(entry, step, expected_[step], found.back());
        }
        if (expected_.empty()) expected_ = found;
    }

    void require_agreement(const Entry& entry, std::size_t step, const StepFinding& expected,
                           const StepFinding& found) const {
        const std::string problem = difference(expected, found, request_.experiment.train.precision);
        if (problem.empty()) return;
        throw WorkError(fmt::format("{} of {} in step {} is not the same model: {}; nothing was timed", name_of(entry),
                                    depth(), step + 1, problem));
    }

    /// A GPU's allocator counts what is its own; resident memory is only true in a process that did nothing else, so
    /// this program starts itself for it. Empty, with a note, where that goes wrong: the model can be timed all the
    /// same.
    std::optional<double> memory_of(const Entry& entry) {
        const bool own = entry.implementation == "plain" || entry.implementation == "fused";
        if (!own || on_gpu()) return entry.contestant->step_memory();
        try {
            return memory_in_own_process(entry);
        } catch (const std::runtime_error& problem) {  // of all kinds, but no Interruption
            notes_.push_back(
                fmt::format("the memory of {} of {} was not measured: {}", name_of(entry), depth(), problem.what()));
            return std::nullopt;
        }
    }

    double memory_in_own_process(const Entry& entry) {
        const ModelSettings& model = request_.experiment.model;
        ChildProgram child(
            {own_program().string(), "bench", "--memory-of", entry.competitor.method, "--implementation",
             entry.implementation, "--layers", std::to_string(model.layers), "--blocks",
             std::to_string(entry.competitor.blocks), "--device", request_.experiment.train.device, "--precision",
             request_.experiment.train.precision, "--threads", std::to_string(request_.experiment.train.threads)},
            {}, scratch_ / "memory.log");
        const std::optional<std::string> line = child.read_line([this] { progress_.tick(); });
        if (!line) throw WorkError(last_words_of(child));
        double bytes = 0;
        const auto [rest, problem] = std::from_chars(line->data(), line->data() + line->size(), bytes);
        if (problem != std::errc() || rest != line->data() + line->size())
            throw WorkError("its process printed '" + *line + "' and no number");
        return bytes;
    }

    static std::string last_words_of(const ChildProgram& child) {
        constexpr std::string_view begin = "wavlab: ";
        const std::string words = child.last_error();
        if (words.empty()) return "its process ended without a word";
        return words.starts_with(begin) ? words.substr(begin.size()) : words;
    }

    /// Back and forth, so that a machine that grows slower or faster favours none.
    void go_round(std::int64_t round) {
        phase(fmt::format("round {} of {}", round + 1, request_.rounds));
        for (std::size_t place = 0; place < entries_.size(); ++place) {
            Entry& entry = entries_[round % 2 == 0 ? place : entries_.size() - 1 - place];
            require_no_interruption();
            if (on_gpu()) (void)entry.contestant->time_steps(1);  // takes the memory again that it gave back
            entry.seconds.push_back(entry.contestant->time_steps(entry.steps_a_turn) /
                                    static_cast<double>(entry.steps_a_turn));
            if (on_gpu()) entry.contestant->relax();
            progress_.tick();
        }
    }

    const Entry* standard(const std::string& implementation) const {
        for (const Entry& entry : entries_)
            if (entry.competitor.method == "standard" && entry.implementation == implementation) return &entry;
        return nullptr;
    }

    BenchmarkRow row_of(const Entry& entry) const {
        const Entry* partner = standard(entry.implementation);
        BenchmarkRow row{entry.competitor.method, entry.implementation, request_.experiment.model.layers,
                         entry.competitor.blocks};
        row.seconds = median_of(entry.seconds);
        row.ratio = paired_speed(partner ? partner->seconds : std::vector<double>(), entry.seconds);
        row.peak_bytes = entry.peak_bytes;
        if (const Entry* eager = standard("torch-eager"))
            row.speed_of_eager = paired_speed(eager->seconds, entry.seconds);
        return row;
    }

    const ContestRequest& request_;
    ModelLibrary& library_;
    Progress& progress_;
    ScratchFolder scratch_;
    std::vector<Entry> entries_;
    std::vector<std::string> notes_;
    std::string first_obstacle_;
    std::vector<StepFinding> expected_;  ///< of the competitor that is being taken in, by its first implementation
};

}  // namespace

Experiment competitor_experiment(const ContestRequest& request, const Competitor& competitor) {
    Experiment experiment = request.experiment;
    experiment.model.method = competitor.method;
    experiment.method.clear();
    for (const Option& option : MethodRegistry::find(competitor.method)->options)
        if (option.key == "blocks") experiment.method["blocks"] = competitor.blocks;
    require_valid(experiment, "");
    return experiment;
}

ContestResult hold_contest(const ContestRequest& request, ModelLibrary& library, Progress& progress) {
    return Contest(request, library, progress).hold();
}

double measure_memory(const BenchmarkRequest& request, ModelLibrary& library) {
    const std::unique_ptr<BenchmarkModel> model = library.make_benchmark_model(request);
    for (std::size_t step = 0; step < checked_steps; ++step) (void)model->check_step();
    return model->step_memory();
}

}  // namespace wavlab
