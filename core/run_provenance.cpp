// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_provenance.h"

#include <fmt/format.h>

#include "core/build_info.h"
#include "core/experiment.h"
#include "core/run_event.h"
#include "core/sha256.h"

namespace wavlab {

std::string run_provenance(const Experiment& experiment, const RunDescription& description) {
    std::string text = fmt::format(
        "seed {}, experiment sha256 {}, data sha256 {}, WAV Lab {} ({}), torch {}, {}, {} thread{}", experiment.seed,
        sha256_hex(description.experiment), description.data_sha256, description.wavlab_version, description.commit,
        description.torch_version, description.device, description.threads, description.threads == 1 ? "" : "s");
    if (description.origin) text += ", began with the weights of " + to_string(*description.origin);
    return text;
}

std::string program_provenance() { return fmt::format("WAV Lab {} ({})", version(), commit()); }

}  // namespace wavlab
