// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/error.h"

namespace wavlab {

/// What a training step found before its update.
struct StepFinding {
    double loss = 0;           ///< nats per token
    double gradient_norm = 0;  ///< before clipping
};

/// A contestant needs more memory than there is.
class OutOfMemory : public WorkError {
public:
    using WorkError::WorkError;
};

/// There is no fused implementation of a model; what() is why, to end a sentence with.
class NoFusedImplementation : public WorkError {
public:
    using WorkError::WorkError;
};

/// A model that makes training steps to be timed: one of this program's, or the same model in PyTorch. It is used by
/// the thread that made it. Throws OutOfMemory and WorkError.
class Contestant {
public:
    virtual ~Contestant() = default;

    /// Makes the next step.
    virtual StepFinding check_step() = 0;
    /// Makes the next `steps` steps, whole ones: forward, backward, clipping, update. Their seconds, all together.
    virtual double time_steps(std::int64_t steps) = 0;
    /// Makes the next step. The most bytes that it had beyond what there was before the model was made: parameters,
    /// gradients, moments and activations. On the CPU that is resident memory, true only in a process of its own.
    virtual double step_memory() = 0;
    /// Gives memory of a GPU that nothing uses back, for the others.
    virtual void relax() = 0;
    /// What a reader of the times should know of how they came about; empty: nothing. After the last `time_steps`.
    virtual std::string remark() const { return {}; }
};

/// One line of `wavlab bench`.
struct BenchmarkRow {
    std::string method;
    std::string implementation;  ///< plain, fused, torch-eager, torch-compile
    std::int64_t layers = 0;
    std::int64_t blocks = 0;                 ///< of the shape; methods without blocks are the same in all
    double seconds = 0;                      ///< a step, median over the rounds
    double ratio = 0;                        ///< speed, as a multiple of `standard` in the same implementation
    std::optional<double> peak_bytes{};      ///< see Contestant::step_memory; empty where it could not be measured
    std::optional<double> speed_of_eager{};  ///< speed, as a multiple of `standard` in PyTorch eager; not in the JSON
};

/// The row as `--json` prints it (design §5, contract).
nlohmann::json to_json(const BenchmarkRow& row);

/// The median; NaN when there are none.
double median_of(std::span<const double> values);

/// How many times as fast the second is as the first: the median over rounds of the ratio within a round, so that a
/// machine that is slower for a while does not count. Both have the seconds of the same rounds. NaN when there are
/// none.
double paired_speed(std::span<const double> reference, std::span<const double> own);

/// What differs between two implementations that began with the same weights and batch: "the loss is 4.1801 and not
/// 4.1745". Empty where loss and gradient norm agree as well as `precision` ("fp32", "bf16") lets them.
std::string difference(const StepFinding& expected, const StepFinding& found, const std::string& precision);

}  // namespace wavlab
