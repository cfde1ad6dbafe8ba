// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/experiment.h"
#include "datasets/dataset.h"

namespace wavlab {

/// What an experiment asks of the datasets.
inline DataRequest data_request(const Experiment& experiment) {
    DataRequest request;
    request.dataset = experiment.data.dataset;
    request.tokenizer = experiment.data.tokenizer;
    request.tokenizer_options = resolved_tokenizer_options(experiment);
    request.validation = experiment.data.validation;
    request.size = experiment.data.size;
    request.seed = static_cast<std::uint64_t>(experiment.data.seed);
    request.base_folder = experiment.folder;
    return request;
}

}  // namespace wavlab
