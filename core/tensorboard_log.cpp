// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensorboard_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/error.h"
#include "core/number_text.h"
#include "core/run_folder.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "core/tensorboard_steps.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

constexpr std::string_view name_start = "events.out.tfevents.";
constexpr std::size_t large_piece = 1 << 20;  // bytes

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// TensorBoard reads a folder's event files by name, so these begin with a time.
std::string event_file_name(std::int64_t seconds, const std::string& writer) {
    return fmt::format("{}{:010}.{}", name_start, seconds, writer);
}

/// A time later than those of all the files, so that what is written next is read last.
std::int64_t next_time(const std::vector<std::string>& names) {
    auto latest = static_cast<std::int64_t>(seconds_now());
    for (const std::string& name : names) {
        if (!name.starts_with(name_start)) continue;
        const std::string_view rest = std::string_view(name).substr(name_start.size());
        if (const auto time = parse_whole_number(rest.substr(0, rest.find('.')))) latest = std::max(latest, *time + 1);
    }
    return latest;
}

fs::path folder_of_run(const fs::path& folder, const fs::path& run) {
    const fs::path normal = run.lexically_normal();
    return folder / (normal.has_filename() ? normal : normal.parent_path()).filename();
}

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
    throw InputError(path.string() + ": cannot be written: " + why);
}

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        refuse(folder, error.value() == EEXIST || error.value() == ENOTDIR ? "this is not a folder"
                                                                           : reason_text(error.value()));
    if (!fs::is_directory(folder, error)) refuse(folder, "this is not a folder");
}

/// Turns what a store holds into records.
class HistorySink : public RunStoreSink {
public:
    /// From this step on.
    HistorySink(TensorboardEvents& events, std::int64_t first_step, std::function<void(const std::string&)> take)
        : events_(events), first_step_(first_step), take_(std::move(take)) {}

    /// Passes over everything from this start on.
    void stop_at(const RunStarted& started) { stop_ = &started; }

    void rewound(std::int64_t) override {}
    void scalar(std::int64_t step, const std::string& name, double value) override {
        add(step, ScalarRecorded{step, name, value});
    }
    void frame(FrameKind, std::int64_t) override {}
    void event(RunEvent event) override {
        if (const auto* started = std::get_if<RunStarted>(&event)) {
            if (stop_ && started->first_step == stop_->first_step &&
                started->description.started_at == stop_->description.started_at)
                stopped_ = true;
            add(first_new_step(*started), event);
        } else if (const auto* sample = std::get_if<SampleDrawn>(&event)) {
            add(sample->step, event);
        }
    }

private:
    void add(std::int64_t step, const RunEvent& event) {
        if (stopped_) return;
        const double time = time_.at(event);
        if (step >= first_step_) take_(events_.encode(event, time));
    }

    TensorboardEvents& events_;
    std::int64_t first_step_;
    std::function<void(const std::string&)> take_;
    RecordedTime time_;
    const RunStarted* stop_ = nullptr;
    bool stopped_ = false;
};

/// When the run was started first; 0 where it does not say.
std::int64_t first_start(RunStoreReader& reader) {
    struct StartSink : RunStoreSink {
        std::optional<double> began;
        void rewound(std::int64_t) override {}
        bool wants(const std::string&) override { return false; }
        void scalar(std::int64_t, const std::string&, double) override {}
        void frame(FrameKind, std::int64_t) override {}
        void event(RunEvent event) override {
            if (!began && std::holds_alternative<RunStarted>(event)) began = RecordedTime().at(event);
        }
    } sink;
    reader.poll(sink);
    return static_cast<std::int64_t>(sink.began.value_or(0));
}

}  // namespace

fs::path export_tensorboard(const RunFolder& run, const fs::path& folder) {
    RunStoreReader starts(run.store());
    const std::int64_t began = first_start(starts);
    const std::string name = event_file_name(began, "wavlab");
    const fs::path own = folder_of_run(folder, run.path);
    make_folder(own);
    for (const std::string& other : tensorboard_files(own))
        if (other != name)
            refuse(own, "this folder holds event files that another program or a live run has written (" + other +
                            "), and TensorBoard would show both; choose another folder");
    SafeFile file(own / name);
    std::string piece = tensorboard_opening(0, static_cast<double>(began));
    TensorboardEvents events;
    HistorySink sink(events, 0, [&](const std::string& records) {
        piece += records;
        if (piece.size() < large_piece) return;
        file.write(piece);
        piece.clear();
    });
    RunStoreReader(run.store()).poll(sink);
    file.write(piece);
    file.commit();
    return own / name;
}

TensorboardLog::TensorboardLog(fs::path folder) : folder_(std::move(folder)) {
    ignore_file_size_signal();
    std::error_code error;
    folder_is_new_ = !fs::exists(folder_, error);
    make_folder(folder_);
    const fs::path trial = folder_ / (".wavlab-" + std::to_string(::getpid()));
    const int descriptor = ::open(trial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) refuse(folder_, reason_text(errno));
    ::close(descriptor);
    ::unlink(trial.c_str());
}

TensorboardLog::~TensorboardLog() {
    flush();
    if (descriptor_ >= 0) ::close(descriptor_);
    std::error_code ignored;
    if (folder_is_new_) fs::remove(folder_, ignored);  // does nothing to one that holds files
}

void TensorboardLog::apply(const RunEvent& event) {
    const auto* started = std::get_if<RunStarted>(&event);
    if (started && file_.empty()) open(*started);
    if (descriptor_ >= 0) pending_ += events_.encode(event, seconds_now());
}

void TensorboardLog::open(const RunStarted& started) {
    const fs::path own = folder_of_run(folder_, started.folder);
    std::error_code error;
    fs::create_directories(own, error);
    const std::vector<std::string> earlier = tensorboard_files(own);
    file_ = own / event_file_name(next_time(earlier), host_name() + "." + std::to_string(::getpid()));
    descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) return stop(reason_text(errno));
    // What the files lack of the steps before this start comes first: the run went on without them for a while, or was
    // killed before the last values were written. Their last step may be there in part only.
    const std::int64_t shown = started.first_step > 0 ? last_tensorboard_step(own) : 0;
    const bool lacking = started.first_step > 0 && shown <= started.first_step;
    const std::int64_t first = lacking ? std::max<std::int64_t>(shown, 0) : first_new_step(started);
    pending_ = tensorboard_opening(first, seconds_now());
    if (lacking) add_history(started, first);
}

void TensorboardLog::add_history(const RunStarted& started, std::int64_t first_step) {
    try {
        HistorySink sink(events_, first_step, [this](const std::string& records) {
            pending_ += records;
            if (pending_.size() >= large_piece) flush();
        });
        sink.stop_at(started);
        RunStoreReader(RunFolder{started.folder}.store()).poll(sink);
    } catch (const InputError& error) {
        stop(error.what());
    }
}

void TensorboardLog::flush() {
    if (pending_.empty() || descriptor_ < 0) return;
    write(std::exchange(pending_, {}));
}

void TensorboardLog::write(const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            const std::string why = reason_text(count < 0 ? errno : ENOSPC);
            // Half a record would keep TensorBoard waiting for the rest.
            const bool cut = ::ftruncate(descriptor_, written_) == 0;
            return stop(cut ? why : why + "; its end may be damaged");
        }
        done += static_cast<std::size_t>(count);
    }
    written_ += static_cast<std::int64_t>(bytes.size());
}

void TensorboardLog::stop(const std::string& why) {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    pending_.clear();
    problem_ = file_.string() + ": cannot be written: " + why + "; the run goes on without TensorBoard";
}

std::optional<std::string> TensorboardLog::take_problem() { return std::exchange(problem_, std::nullopt); }

}  // namespace wavlab
