// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bench/peer.h"

#include <cstdlib>
#include <system_error>

#include "core/error.h"
#include "core/json_lines.h"

namespace wavlab {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> command_of(const PeerRequest& request) {
    return {request.place.python,
            "-m",
            "wavlab_reference.bench",
            "--tied",
            "--model",
            request.model.string(),
            "--batches",
            request.batches.string(),
            "--mode",
            request.mode,
            "--device",
            request.device,
            "--dtype",
            request.precision,
            "--threads",
            std::to_string(request.threads)};
}

std::vector<std::string> variables_of(const PeerRequest& request) {
    return {"PYTHONPATH=" + request.place.module_path, "PYTHONDONTWRITEBYTECODE=1"};
}

}  // namespace

fs::path program_file() {
    std::error_code problem;
    const fs::path file = fs::read_symlink("/proc/self/exe", problem);
    return problem ? fs::path("wavlab") : file;
}

PeerPlace find_peers(const fs::path& program) {
    std::error_code ignored;
    for (fs::path folder = program.parent_path();; folder = folder.parent_path()) {
        const fs::path reference = folder / "tests" / "reference";
        if (fs::exists(reference / "wavlab_reference" / "bench.py", ignored)) {
            const fs::path packages = folder / ".deps" / "python";
            const bool own = fs::exists(packages / ".complete", ignored);
            std::string path = reference.string() + ":" + packages.string();
            if (const char* more = std::getenv("PYTHONPATH"); more && *more) path += std::string(":") + more;
            return {own ? "/usr/bin/python3" : "python3", path};  // run.sh installs them for the system's Python
        }
        if (folder == folder.parent_path()) break;
    }
    throw InputError("the PyTorch models (tests/reference/wavlab_reference/bench.py) are not in any folder above '" +
                     program.string() + "': run the program from the checkout that it was built in");
}

Peer::Peer(const PeerRequest& request, Progress& progress)
    : progress_(&progress), program_(command_of(request), variables_of(request), request.errors) {
    (void)answer();
}

nlohmann::json Peer::answer() {
    const std::optional<std::string> line = program_.read_line([this] { progress_->tick(); });
    if (!line) throw WorkError("PyTorch ended while it was measured: " + program_.last_error());
    nlohmann::json answer = nlohmann::json::parse(*line, nullptr, /*allow_exceptions=*/false);
    if (!answer.is_object()) throw WorkError("PyTorch answered something else than an object: " + *line);
    if (!answer.contains("error")) return answer;
    const std::string problem = answer["error"].is_string() ? answer["error"].get<std::string>() : line.value();
    if (answer.value("missing", false)) throw InputError(problem);
    if (answer.value("memory", false)) throw OutOfMemory("PyTorch has too little memory: " + problem);
    throw WorkError("PyTorch failed: " + problem);
}

nlohmann::json Peer::ask(const std::string& command) {
    program_.write_line(command);
    return answer();
}

double Peer::number(const nlohmann::json& answer, const char* key) const {
    if (!answer.contains(key)) throw WorkError("PyTorch did not say its " + std::string(key));
    return parse_json_number(answer[key]);
}

StepFinding Peer::check_step() {
    const nlohmann::json found = ask("check");
    return {number(found, "loss"), number(found, "gradient_norm")};
}

double Peer::time_steps(std::int64_t steps) { return number(ask("time " + std::to_string(steps)), "seconds"); }

double Peer::step_memory() { return number(ask("memory"), "bytes"); }

void Peer::relax() { (void)ask("relax"); }

}  // namespace wavlab
