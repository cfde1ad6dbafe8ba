// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "datasets/data_request.h"
#include "datasets/token_data.h"
#include "model/decoder.h"
#include "model/device.h"
#include "model/optimizer.h"
#include "model/token_windows.h"
#include "model/training_step.h"
#include "tests/model/training_support.h"

namespace wavlab::testing {

inline bool gpu_is_there() {
    const std::vector<std::string> names = device_names();
    return std::find(names.begin(), names.end(), "cuda:0") != names.end();
}

#define SKIP_WITHOUT_GPU() \
    if (!gpu_is_there()) GTEST_SKIP() << "no NVIDIA GPU on this machine"

inline const at::Device gpu(at::kCUDA, 0);

/// The small experiment of the other tests, with sizes that the fused pass covers.
inline Experiment gpu_experiment(const std::string& method, std::int64_t steps) {
    Experiment experiment = training_experiment(method, steps);
    experiment.model.mlp_hidden = 32;
    return experiment;
}

/// The parts of a training run on the GPU, without files.
struct GpuParts {
    explicit GpuParts(const Experiment& experiment, at::ScalarType compute_type = at::kFloat)
        : data(load_token_data(data_request(experiment), experiment.model.context)),
          decoder(experiment, data.tokenizer->vocabulary_size(), {gpu, at::kFloat, compute_type}),
          optimizer(decoder.parameters(), experiment.train),
          windows(data.train, experiment.model.context, gpu),
          steps(decoder, optimizer, windows) {}

    std::vector<at::Tensor> everything() const {
        std::vector<at::Tensor> copies;
        for (const AdamW::Slot& slot : optimizer.slots())
            for (const at::Tensor& tensor : {slot.parameter.value, slot.first, slot.second})
                copies.push_back(tensor.detach().cpu().clone());
        return copies;
    }

    TokenData data;
    Decoder decoder;
    AdamW optimizer;
    TokenWindows windows;
    TrainingStep steps;
};

}  // namespace wavlab::testing
