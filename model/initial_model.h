// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "core/experiment.h"
#include "core/run_origin.h"
#include "core/safetensors.h"
#include "datasets/tokenizer.h"
#include "model/checkpoint.h"

namespace wavlab {

/// The model file whose weights a new run begins with (TrainRequest::from).
class InitialModel {
public:
    /// Reads and checks the file. Throws InputError.
    explicit InitialModel(const std::filesystem::path& file);

    const SafetensorsFile& file() const { return file_; }
    /// Throws InputError that names the first setting of the model that the experiment has otherwise. What only tensors
    /// show is for load_parameters to say.
    void require_architecture(const Experiment& experiment) const;
    /// Throws InputError that names the first character that only one of the two knows.
    void require_vocabulary(const Tokenizer& tokenizer) const;
    /// Reads the whole file for its SHA-256.
    RunOrigin origin() const;

private:
    SafetensorsFile file_;
    ModelHeader header_;
};

}  // namespace wavlab
