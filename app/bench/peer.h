// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/bench/child_program.h"
#include "app/bench/progress.h"
#include "core/benchmark.h"

namespace wavlab {

/// How the PyTorch models of a checkout are started: tests/reference/wavlab_reference/bench.py of the source tree that
/// this program was built in, with the Python packages that run.sh puts into .deps/python, where they are.
struct PeerPlace {
    std::string python;
    std::string module_path;  ///< PYTHONPATH
};

/// Looks for the source tree above `program`. Throws InputError where there is none.
PeerPlace find_peers(const std::filesystem::path& program);

/// The program's own file, with the links to it resolved.
std::filesystem::path program_file();

struct PeerRequest {
    PeerPlace place;
    std::filesystem::path model;    ///< weights at step 0
    std::filesystem::path batches;  ///< tokens.N and targets.N
    std::filesystem::path errors;   ///< where its stderr goes
    std::string mode;               ///< eager, compile
    std::string device, precision;  ///< as in the experiment file
    std::int64_t threads = 1;
};

/// The same model in PyTorch, in a process of its own.
class Peer : public Contestant {
public:
    /// Starts it and waits until the model is there. Throws InputError where Python or torch is missing, WorkError
    /// where something else fails, Interruption.
    Peer(const PeerRequest& request, Progress& progress);

    StepFinding check_step() override;
    double time_steps(std::int64_t steps) override;
    double step_memory() override;
    void relax() override;

private:
    nlohmann::json ask(const std::string& command);
    nlohmann::json answer();
    double number(const nlohmann::json& answer, const char* key) const;

    Progress* progress_;
    ChildProgram program_;
};

}  // namespace wavlab
