// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/batch_dump.h"

#include <ATen/ATen.h>

#include <string>

#include "core/safetensors.h"

namespace wavlab {

void BatchDump::add(std::int64_t step, const TokenBatch& batch) {
    auto& [tokens, targets] = batches_[step];
    tokens.push_back(batch.tokens.cpu());
    targets.push_back(batch.targets.cpu());
}

void BatchDump::write(const std::filesystem::path& file) const {
    std::vector<at::Tensor> held;
    std::vector<TensorView> views;
    const auto add = [&](const std::string& name, const std::vector<at::Tensor>& parts) {
        held.push_back(at::cat(parts).contiguous());
        views.push_back({name,
                         TensorType::i64,
                         held.back().sizes().vec(),
                         {static_cast<const std::byte*>(held.back().const_data_ptr()), held.back().nbytes()}});
    };
    for (const auto& [step, batch] : batches_) {
        if (step == 0) continue;  // the first look before any update
        add("tokens." + std::to_string(step), batch.first);
        add("targets." + std::to_string(step), batch.second);
    }
    write_safetensors(file, views, {});
}

}  // namespace wavlab
