// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/peer.h"
#include "app/bench/progress.h"
#include "core/benchmark.h"
#include "core/experiment.h"

namespace wavlab {

class ModelLibrary;
struct BenchmarkRequest;

/// A method, with so many blocks where it has blocks.
struct Competitor {
    std::string method;
    std::int64_t blocks = 0;
};

/// What one set of rounds measures: models of one depth.
struct ContestRequest {
    Experiment experiment;  ///< of all; method and blocks are each competitor's own
    std::int64_t vocabulary = 65;
    std::vector<Competitor> competitors;  ///< `standard` first
    std::int64_t rounds = 7;
    std::optional<PeerPlace> peers;       ///< where PyTorch is wanted
    std::vector<std::string> peer_modes;  ///< eager, compile
};

struct ContestResult {
    std::vector<BenchmarkRow> rows;
    std::vector<std::string> notes;  ///< a sentence for each row or figure that is missing, why it is
};

/// The experiment of a competitor.
Experiment competitor_experiment(const ContestRequest& request, const Competitor& competitor);

/// Measures every competitor in every implementation, all of them in turn in each round. They must first find the same
/// losses and gradient norms. Throws InputError, WorkError and Interruption.
ContestResult hold_contest(const ContestRequest& request, ModelLibrary& library, Progress& progress);

/// The most memory that a step of this model needs beyond what there was before it, in bytes. Where memory is the
/// process's own, this process must have done nothing else.
double measure_memory(const BenchmarkRequest& request, ModelLibrary& library);

}  // namespace wavlab
