// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_provenance.h"

#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "core/build_info.h"
#include "core/earlier_start.h"
#include "core/experiment.h"
#include "core/sha256.h"

namespace wavlab {

namespace {

std::string maker_text(const RunDescription& start) {
    return fmt::format("WAV Lab {} ({}), torch {}, {}, {} thread{}", start.wavlab_version, start.commit,
                       start.torch_version, start.device, start.threads, start.threads == 1 ? "" : "s");
}

/// Who made the run, one after another; starts that do not differ are one.
std::string makers_text(const RunDescription& last, const std::vector<EarlierStart>& earlier) {
    std::vector<std::pair<std::string, std::int64_t>> makers;  // each with its last step
    for (const EarlierStart& start : earlier) {
        std::string text = maker_text(start.description);
        if (!makers.empty() && makers.back().first == text)
            makers.back().second = start.last_step;
        else
            makers.emplace_back(std::move(text), start.last_step);
    }
    std::string text = maker_text(last);
    if (!makers.empty() && makers.back().first == text) makers.pop_back();
    if (makers.empty()) return text;
    std::string before;
    for (const auto& [maker, last_step] : makers) before += fmt::format("until step {}: {}, ", last_step, maker);
    return before + "then " + text;
}

}  // namespace

std::string run_provenance(const Experiment& experiment, const RunDescription& description,
                           const std::vector<EarlierStart>& earlier) {
    std::string text =
        fmt::format("seed {}, experiment sha256 {}, data sha256 {}, {}", experiment.seed,
                    sha256_hex(description.experiment), description.data_sha256, makers_text(description, earlier));
    if (description.origin) text += ", began with the weights of " + to_string(*description.origin);
    return text;
}

std::string program_provenance() { return fmt::format("WAV Lab {} ({})", version(), commit()); }

}  // namespace wavlab
