// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/experiment.h"
#include "core/run_folder.h"
#include "core/run_origin.h"
#include "core/safetensors.h"
#include "datasets/tokenizer.h"
#include "model/decoder.h"
#include "model/optimizer.h"

namespace wavlab {

/// Where a run was computed: bits of results depend on all of it.
struct ComputeEnvironment {
    std::string device;  ///< "cpu", "cuda:0 (NVIDIA H100)"
    std::string cpu_capability;
    std::string torch_version;
    std::string implementation;  ///< of the routing operation
    std::int64_t threads = 0;

    friend bool operator==(const ComputeEnvironment&, const ComputeEnvironment&) = default;
};

/// What a resumed run needs to know beside tensors.
struct TrainingState {
    std::int64_t step = 0;                  ///< updates done; the data cursor, since data order is a function of it
    std::optional<double> validation_loss;  ///< where this step was evaluated
    std::string data_sha256;
    ComputeEnvironment environment;
    std::optional<RunOrigin> origin;  ///< of the run; kept in the model file
};

/// Writes the model alone in the format of design §4. The metadata say which program wrote it and, of a run's `state`,
/// the text and machine it was trained with and the run's origin. Throws like write_safetensors.
void write_model(const std::filesystem::path& file, const Decoder& decoder, const Tokenizer& tokenizer,
                 std::int64_t step, const TrainingState* state = nullptr);

/// Writes checkpoints/step-N with model and state; it appears complete, by one rename. `before_rename` is called when
/// everything is on the disk. Throws InputError or WorkError, and leaves nothing half-written.
CheckpointFolder save_checkpoint(const RunFolder& run, const Decoder& decoder, const AdamW& optimizer,
                                 const Tokenizer& tokenizer, const TrainingState& state,
                                 const std::function<void()>& before_rename);

/// A model from a file, ready to use.
struct LoadedModel {
    std::unique_ptr<Decoder> decoder;
    std::shared_ptr<const Tokenizer> tokenizer;
    std::int64_t step = 0;
    const Experiment& experiment() const { return decoder->experiment(); }
};

/// What a model file says of itself, checked against its size before anything is allocated by it.
struct ModelHeader {
    Experiment experiment;
    std::shared_ptr<const Tokenizer> tokenizer;
    std::int64_t step = 0;
    std::optional<RunOrigin> origin;
};

/// Reads and checks the metadata of a model file. Throws InputError that names the file and what is wrong.
ModelHeader read_model_header(const SafetensorsFile& file);

/// Reads a model file onto a device; it computes in the precision of its experiment. Throws InputError that names the
/// file and what is wrong with it. `base_folder`: where relative paths of its experiment start.
LoadedModel load_model(const std::filesystem::path& file, at::Device device, const std::filesystem::path& base_folder);

/// Fills a decoder from a file that must hold exactly its parameters. Throws InputError.
void load_parameters(const SafetensorsFile& file, const Decoder& decoder);

/// Reads the state beside a model, which lacks the origin: moments into the optimizer, generators restored last. Throws
/// InputError.
TrainingState load_training_state(const std::filesystem::path& file, AdamW& optimizer);

}  // namespace wavlab
