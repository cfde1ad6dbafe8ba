// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "model/model_library.h"

namespace wavlab {

/// See ModelLibrary::make_benchmark_model.
std::unique_ptr<BenchmarkModel> make_benchmark_model(const BenchmarkRequest& request);

}  // namespace wavlab
