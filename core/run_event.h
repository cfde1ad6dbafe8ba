// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.h"
#include "core/run_origin.h"
#include "core/source.h"

namespace wavlab {

/// What is known of a run when it starts, kept in its store. Everything that a view needs to label what it draws.
struct RunDescription {
    std::string experiment;  ///< TOML
    std::string wavlab_version;
    std::string torch_version;
    std::string commit;
    std::string device;          ///< "cpu", "cuda:0 (NVIDIA H100)"
    std::string device_reason;   ///< why `auto` chose it
    std::string cpu_capability;  ///< results' bits depend on it and on the threads
    std::int64_t threads = 0;
    std::string data_sha256;
    std::string data_source;
    std::int64_t vocabulary = 0;
    std::int64_t train_tokens = 0;
    std::int64_t validation_tokens = 0;
    std::optional<double>
        validation_floor;        ///< nats per token: what the source itself would reach on this validation text
    double unigram_entropy = 0;  ///< nats per token, of the validation part under its own token frequencies
    double bigram_entropy = 0;   ///< nats per token given the one before it, likewise; 0: not counted
    /// Size of the validation text that its tokens stand for, in characters and bytes of UTF-8; 0 where the tokens do
    /// not give the text back, so that bits per character and per byte are not defined.
    std::int64_t validation_characters = 0;
    std::int64_t validation_bytes = 0;
    std::int64_t parameters = 0;
    std::int64_t added_parameters = 0;
    double flops_per_token = 0;
    std::string implementation;       ///< of the routing operation: "plain"
    RoutingLayout routing;            ///< empty without routing
    std::string started_at;           ///< ISO 8601, UTC
    std::vector<std::string> notes;   ///< ignored options, a changed schedule, ...
    std::optional<RunOrigin> origin;  ///< where the initial weights came from another run
};

struct RunStarted {
    RunDescription description;
    std::string folder;
    std::int64_t first_step = 0;  ///< 0, or the checkpoint's step when resumed
    std::int64_t total_steps = 0;
};

/// One number of one step. Names: train/loss, train/lr, train/grad_norm, train/tokens_per_second,
/// train/memory_bytes, val/loss. Non-finite values are kept.
struct ScalarRecorded {
    std::int64_t step = 0;
    std::string name;
    double value = 0;
};

/// Routing of one step's first microbatch. Cells as in RoutingLayout; all are means over tokens.
struct RoutingFrame {
    std::int64_t step = 0;
    std::vector<float> weight;         ///< [cells] mean of α
    std::vector<float> weight_spread;  ///< [cells] standard deviation of α over tokens
    std::vector<float> contribution;   ///< [cells] mean of α‖v‖₂
    /// [cells] −Σ α v·G over tokens, G = dL/dh_l: the first-order estimate of what zeroing this source at this router
    /// would add to the step's training loss (of the first microbatch), nats per token. Empty in runs before it was
    /// recorded.
    std::vector<float> attribution;
    std::vector<float> entropy;            ///< [routers] mean entropy of α, nats
    std::vector<float> effective_sources;  ///< [routers] exp(mean entropy)
    std::vector<float> query_norm;         ///< [routers] ‖w_l‖₂

    static constexpr const char* kind = "routing";
    static constexpr auto fields() {
        return std::array{
            std::pair{"weight", &RoutingFrame::weight},
            std::pair{"weight_spread", &RoutingFrame::weight_spread},
            std::pair{"contribution", &RoutingFrame::contribution},
            std::pair{"attribution", &RoutingFrame::attribution},
            std::pair{"entropy", &RoutingFrame::entropy},
            std::pair{"effective_sources", &RoutingFrame::effective_sources},
            std::pair{"query_norm", &RoutingFrame::query_norm},
        };
    }
};

/// Block summaries and WAV's details of one step's first microbatch, per block [blocks]; NaN where a detail does not
/// exist. RMS and cosine are per token, then averaged.
struct DetailFrame {
    std::int64_t step = 0;
    std::vector<float> summary_rms;  ///< rms(b_n)
    std::vector<float> phase_rms;    ///< rms(p), before matching
    std::vector<float> split_rms;
    std::vector<float> phase_matched_rms;  ///< rms of the value that routers read
    std::vector<float> split_matched_rms;
    std::vector<float> phase_scale;  ///< rms(b_n) / (rms(p) + 1e-6)
    std::vector<float> split_scale;
    std::vector<float> phase_cosine;  ///< cosine of p and b_n
    std::vector<float> split_cosine;
    std::vector<float> phase_bias;  ///< [routers] β_{l,phase}
    std::vector<float> split_bias;  ///< [routers]

    static constexpr const char* kind = "details";
    static constexpr auto fields() {
        return std::array{
            std::pair{"summary_rms", &DetailFrame::summary_rms},
            std::pair{"phase_rms", &DetailFrame::phase_rms},
            std::pair{"split_rms", &DetailFrame::split_rms},
            std::pair{"phase_matched_rms", &DetailFrame::phase_matched_rms},
            std::pair{"split_matched_rms", &DetailFrame::split_matched_rms},
            std::pair{"phase_scale", &DetailFrame::phase_scale},
            std::pair{"split_scale", &DetailFrame::split_scale},
            std::pair{"phase_cosine", &DetailFrame::phase_cosine},
            std::pair{"split_cosine", &DetailFrame::split_cosine},
            std::pair{"phase_bias", &DetailFrame::phase_bias},
            std::pair{"split_bias", &DetailFrame::split_bias},
        };
    }
};

/// The stream through depth at one step.
struct DepthFrame {
    std::int64_t step = 0;
    std::vector<float> state_rms;      ///< [2L+1] rms(h_l); the last is the final norm's input
    std::vector<float> update_rms;     ///< [2L] rms(u_l)
    std::vector<float> gradient_norm;  ///< [2L] L2 norm of the sublayer's parameter gradient before clipping

    static constexpr const char* kind = "depth";
    static constexpr auto fields() {
        return std::array{
            std::pair{"state_rms", &DepthFrame::state_rms},
            std::pair{"update_rms", &DepthFrame::update_rms},
            std::pair{"gradient_norm", &DepthFrame::gradient_norm},
        };
    }
};

struct CheckpointSaved {
    std::int64_t step = 0;
    std::string folder;  ///< relative to the run: "checkpoints/step-00000100"
};

struct SampleDrawn {
    std::int64_t step = 0;
    std::string prompt;
    std::string text;
};

/// A sentence for the user that changes no state (an option is ignored, the disk is nearly full).
struct Message {
    std::string text;
};

enum class RunState { running, paused, finished, stopped, interrupted, diverged, failed };
std::string to_string(RunState state);
/// Throws InputError on anything else.
RunState parse_run_state(const std::string& text);

/// The run goes on or waits: pause and resume.
struct StateChanged {
    RunState state = RunState::running;
};

/// The last event of a run.
struct RunEnded {
    RunState state = RunState::finished;
    ExitCode exit_code = ExitCode::done;
    std::string reason;      ///< one sentence for the user; empty when finished
    std::int64_t step = 0;   ///< updates done
    bool discarded = false;  ///< the folder is gone
};

using RunEvent = std::variant<RunStarted, ScalarRecorded, RoutingFrame, DetailFrame, DepthFrame, CheckpointSaved,
                              SampleDrawn, Message, StateChanged, RunEnded>;

/// What only the newest value matters of.
struct RunProgress {
    std::int64_t step = 0;
    std::int64_t total_steps = 0;
    double tokens_per_second = 0;
    double seconds_left = 0;
    double memory_bytes = 0;  ///< resident memory on the CPU, peak allocation on a GPU
    std::string activity;     ///< "preparing data", "training", "evaluating", "saving a checkpoint", "paused"
};

}  // namespace wavlab
