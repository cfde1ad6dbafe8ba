// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/training_console.h"

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "core/json_lines.h"
#include "core/run_event.h"
#include "core/tensorboard_log.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

volatile std::sig_atomic_t signal_received = 0;
volatile std::sig_atomic_t first_signal_at = 0;  // seconds

/// `timeout` and job schedulers send one stop to the process and to its group: what comes within two seconds of the
/// first is the same one.
extern "C" void note_signal(int signal) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const auto seconds = static_cast<std::sig_atomic_t>(now.tv_sec);
    if (!signal_received) {
        first_signal_at = seconds;
        signal_received = 1;
    } else if (seconds - first_signal_at >= 2) {
        std::signal(signal, SIG_DFL);
        std::raise(signal);
    }
}

std::string duration_text(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return "-";
    const auto whole = static_cast<long>(std::lround(seconds));
    if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
    return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

/// What a person reads while a run goes on: a line each few seconds, at each evaluation and at the end.
class ConsoleReport {
public:
    explicit ConsoleReport(const Trainer& trainer) : trainer_(trainer) {}

    void show(const RunEvent& event) {
        std::visit([this](const auto& one) { on(one); }, event);
    }

private:
    template <class Event>
    void on(const Event&) {}

    void on(const RunStarted& started) {
        const RunDescription& run = started.description;
        fmt::print("run {}\n", started.folder);
        fmt::print("on {}{}{}; {} parameters ({} added by the method); {} training tokens\n", run.device,
                   run.device_reason.empty() ? "" : ": ", run.device_reason, run.parameters, run.added_parameters,
                   run.train_tokens);
        fmt::print("unigram entropy {:.4f} nats per token", run.unigram_entropy);
        if (run.validation_floor) fmt::print("; the grammar that made the text reaches {:.4f}", *run.validation_floor);
        fmt::print("\n");
        std::fflush(stdout);
    }

    void on(const ScalarRecorded& scalar) {
        values_[scalar.name] = scalar.value;
        const auto now = std::chrono::steady_clock::now();
        const bool evaluated = scalar.name == "val/loss";
        if (!evaluated && (scalar.name != "train/loss" || now - shown_ < std::chrono::seconds(5))) return;
        shown_ = now;
        const RunProgress progress = trainer_.progress();
        std::string line = fmt::format("step {}/{}", scalar.step, progress.total_steps);
        if (values_.contains("train/loss")) line += fmt::format("  train {:.4f}", values_["train/loss"]);
        if (values_.contains("val/loss")) line += fmt::format("  validation {:.4f}", values_["val/loss"]);
        if (progress.tokens_per_second > 0)
            line += fmt::format("  {:.0f} tokens/s  {} left", progress.tokens_per_second,
                                duration_text(progress.seconds_left));
        fmt::print("{}\n", line);
        std::fflush(stdout);
    }

    void on(const CheckpointSaved& saved) {
        fmt::print("checkpoint {}\n", saved.folder);
        std::fflush(stdout);
    }

    void on(const RunEnded& ended) {
        if (ended.state == RunState::finished)
            fmt::print("finished at step {}{}{}\n", ended.step, ended.reason.empty() ? "" : ": ", ended.reason);
    }

    const Trainer& trainer_;
    std::map<std::string, double> values_;
    std::chrono::steady_clock::time_point shown_{};
};

void print_json(const RunEvent& event) {
    const std::optional<std::string> line = event_json_line(event);
    if (!line) return;
    fmt::print("{}\n", *line);
    std::fflush(stdout);
}

/// What a run has to say goes to stderr in either form.
void print_log(const RunEvent& event) {
    if (const auto* message = std::get_if<Message>(&event)) fmt::print(stderr, "wavlab: {}\n", message->text);
}

void print(const RunEvent& event, bool json, ConsoleReport& report) {
    try {
        print_log(event);
        json ? print_json(event) : report.show(event);
    } catch (const std::system_error&) {
        // A terminal that went away or a full disk behind stdout must not end the run; the command line says it in the
        // end.
    }
}

/// The events that came together are written together.
void show_in_tensorboard(const std::vector<RunEvent>& events, TensorboardLog& tensorboard) {
    for (const RunEvent& event : events) tensorboard.apply(event);
    tensorboard.flush();
    const std::optional<std::string> problem = tensorboard.take_problem();
    if (problem) std::fputs(("wavlab: " + *problem + "\n").c_str(), stderr);
}

}  // namespace

void stop_on_signals() {
    std::signal(SIGINT, note_signal);
    std::signal(SIGTERM, note_signal);
}

bool stop_was_asked() { return signal_received != 0; }

std::unique_ptr<TensorboardLog> make_tensorboard_log(const std::string& folder) {
    return folder.empty() ? nullptr : std::make_unique<TensorboardLog>(folder);
}

ExitCode follow_training(Trainer& trainer, bool json, TensorboardLog* tensorboard) {
    ConsoleReport report(trainer);
    bool asked_to_stop = false;
    for (;;) {
        if (signal_received && !asked_to_stop) {
            asked_to_stop = true;
            trainer.control().stop(StopRequest::interrupt);
        }
        // The limit is how soon a signal is seen; events wake it at once.
        const std::vector<RunEvent> events = trainer.events().wait_and_drain(std::chrono::milliseconds(100));
        if (tensorboard) show_in_tensorboard(events, *tensorboard);
        for (const RunEvent& event : events) {
            print(event, json, report);
            if (const auto* ended = std::get_if<RunEnded>(&event)) {
                if (ended->state != RunState::finished && !ended->reason.empty())
                    fmt::print(stderr, "wavlab: {}\n", ended->reason);
                return ended->exit_code;
            }
        }
    }
}

}  // namespace wavlab
