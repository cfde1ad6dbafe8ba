// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/model_loader.h"
#include "app/training_console.h"
#include "core/experiment.h"
#include "core/json_lines.h"
#include "core/repeated_steps.h"
#include "core/run_bundle.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "model/model_library.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;

/// Where the same bits are not to be expected, the first steps differ by rounding only.
constexpr double rounding = 1e-3;

struct VerifyArguments {
    std::string bundle;
    std::int64_t steps = 5;
    std::string text;
    std::string device;
    bool json = false;
};

/// A folder among the temporary files, as long as this lives.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string name = (fs::temp_directory_path() / "wavlab-verify-XXXXXX").string();
        if (!mkdtemp(name.data()))
            throw InputError("no folder can be made in '" + fs::temp_directory_path().string() +
                             "': " + reason_text(errno));
        path = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    fs::path path;
};

/// What repeating the first steps gave.
struct Repetition {
    RunDescription description;
    std::vector<ScalarRecorded> scalars;
};

/// The run's experiment as it began. What is written beside the numbers is left out.
Experiment repeated_experiment(const RunBundle& bundle, const VerifyArguments& arguments) {
    const RunDescription& then = bundle.description;
    Experiment experiment = parse_experiment(bundle.experiment, "started.json", fs::current_path());
    experiment.train.device =
        !arguments.device.empty() ? arguments.device : then.device.substr(0, then.device.find(' '));
    experiment.train.threads = then.threads;
    experiment.train.checkpoint_every = 0;
    experiment.train.sample_every = 0;
    if (!arguments.text.empty()) experiment.data.dataset = "file:" + fs::absolute(arguments.text).string();
    return experiment;
}

/// Follows a run that is being repeated up to this step, and throws it away.
Repetition follow(Trainer& trainer, std::int64_t last) {
    Repetition repetition;
    for (;;) {
        if (stop_was_asked()) trainer.control().stop(StopRequest::discard);
        for (RunEvent& event : trainer.events().wait_and_drain(std::chrono::milliseconds(100))) {
            if (auto* started = std::get_if<RunStarted>(&event)) {
                repetition.description = std::move(started->description);
            } else if (auto* scalar = std::get_if<ScalarRecorded>(&event)) {
                if (scalar->step >= last) trainer.control().stop(StopRequest::discard);
                repetition.scalars.push_back(std::move(*scalar));
            } else if (const auto* ended = std::get_if<RunEnded>(&event)) {
                const bool wanted = ended->discarded || ended->state == RunState::finished;
                if (ended->exit_code == ExitCode::bad_input) throw InputError(ended->reason);
                if (!wanted && ended->state != RunState::diverged) throw WorkError(ended->reason);
                return repetition;
            }
        }
    }
}

void require_same_data(const RunBundle& bundle, const RunDescription& now) {
    if (bundle.description.data_sha256 == now.data_sha256) return;
    throw WorkError("the text that the run was trained on is another one here: SHA-256 " + now.data_sha256 + ", not " +
                    bundle.description.data_sha256 + "; give the right one with --text");
}

ExitCode report(const RunBundle& bundle, const RepeatedSteps& steps, const std::string& obstacle, bool json) {
    const bool same = steps.compared > 0 && steps.equal == steps.compared;
    const bool close = steps.compared > 0 && steps.largest_difference <= rounding;
    const bool right = same || (close && !obstacle.empty());
    if (json) {
        fmt::print("{}\n", json_line({{"run", bundle.run},
                                      {"steps", steps.steps},
                                      {"compared", steps.compared},
                                      {"equal", steps.equal},
                                      {"largest_difference", json_number(steps.largest_difference)},
                                      {"bits_promised", obstacle.empty()},
                                      {"obstacle", obstacle},
                                      {"verified", right}}));
        return right ? ExitCode::done : ExitCode::failed;
    }
    fmt::print("the run '{}': its files are as they were written, and so is the text\n", bundle.run);
    fmt::print("steps 0 to {}: {} of {} losses and gradient norms are the same bit for bit\n", steps.steps, steps.equal,
               steps.compared);
    if (!same)
        fmt::print("largest relative difference {:.2g}; first: {}\n", steps.largest_difference, steps.first_difference);
    if (!obstacle.empty()) fmt::print("the same bits are not promised here: {}\n", obstacle);
    fmt::print("{}\n", right ? "verified" : "not verified");
    return right ? ExitCode::done : ExitCode::failed;
}

ExitCode verify(const VerifyArguments& arguments, const CommandEnvironment&) {
    stop_on_signals();
    const TemporaryFolder temporary;
    const fs::path unpacked = temporary.path / "bundle";
    fs::create_directory(unpacked);
    const RunBundle bundle = open_bundle(arguments.bundle, unpacked);
    (void)SafetensorsFile(bundle.model);
    ModelLibrary& library = load_model_library();  // which knows the methods that the experiment may name
    TrainRequest request;
    request.experiment = repeated_experiment(bundle, arguments);
    request.run_folder = temporary.path / "run";
    if (bundle.beginning) request.from = *bundle.beginning;
    const bool deterministic = request.experiment.train.deterministic;
    const std::int64_t last = std::min(arguments.steps, request.experiment.train.steps);
    Repetition repetition;
    {
        const std::unique_ptr<Trainer> trainer = library.start_training(std::move(request));
        repetition = follow(*trainer, last);
    }
    if (stop_was_asked()) return ExitCode::interrupted;
    require_same_data(bundle, repetition.description);
    return report(bundle, compare_steps(bundle.metrics, repetition.scalars, last),
                  bits_obstacle(bundle.description, repetition.description, deterministic), arguments.json);
}

CommandAction declare(CLI::App& app) {
    const auto arguments = std::make_shared<VerifyArguments>();
    app.add_option("bundle", arguments->bundle, "What `wavlab export RUN --bundle` wrote")
        ->type_name("BUNDLE.zip")
        ->required();
    app.add_option("--steps", arguments->steps, "How many steps are repeated")
        ->check(CLI::Range(1, 1'000'000'000))
        ->capture_default_str();
    app.add_option("--text", arguments->text, "The text that the run was trained on, where it lies elsewhere now")
        ->type_name("FILE");
    app.add_option("--device", arguments->device, "auto, cpu, cuda or cuda:N; else the run's");
    app.add_flag("--json", arguments->json, "One JSON object");
    return [arguments](const CommandEnvironment& environment) { return verify(*arguments, environment); };
}

const Registration<CommandDescriptor> registration{
    {"verify", 34, "Check a bundle, and repeat the first steps of its run", declare}};

}  // namespace
}  // namespace wavlab
