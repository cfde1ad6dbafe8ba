// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "model/token_windows.h"

namespace wavlab {

/// Debugging: keeps the tokens of every step, for `tokens.{step}` and `targets.{step}`, I64 [accumulate·batch, T].
class BatchDump {
public:
    void add(std::int64_t step, const TokenBatch& batch);
    /// Throws InputError or WorkError.
    void write(const std::filesystem::path& file) const;

private:
    std::map<std::int64_t, std::pair<std::vector<at::Tensor>, std::vector<at::Tensor>>> batches_;
};

}  // namespace wavlab
