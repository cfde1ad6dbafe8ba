// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/run_bundle.h"

#include <set>
#include <stop_token>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/build_info.h"
#include "core/error.h"
#include "core/metrics_file.h"
#include "core/run_folder.h"
#include "core/run_record.h"
#include "core/run_store.h"
#include "core/safe_file.h"
#include "core/safetensors.h"
#include "core/sha256.h"
#include "core/stored_event.h"
#include "core/zip_file.h"

namespace wavlab {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* format_name = "wavlab-bundle-1";
/// What a bundle may unpack to: far more than any run here, far less than a disk.
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 40;

/// What the run began with, and under which experiment: a resumed run may have a later one.
RunStarted first_start(const RunFolder& run) {
    RunStoreReader reader(run.store());
    for (const RunEvent& event : reader.poll().events)
        if (const auto* started = std::get_if<RunStarted>(&event)) return *started;
    throw InputError("the run '" + run.path.string() + "' has no record of its start");
}

/// The files of a bundle, each given as it will be written.
class BundleWriter {
public:
    struct Stopped {};  ///< thrown where somebody has asked to stop

    BundleWriter(const fs::path& target, std::stop_token stop) : zip_(target), stop_(std::move(stop)) {}

    void add(const std::string& name, const std::string& contents) {
        constexpr std::size_t piece = std::size_t{1} << 22;  // bytes
        zip_.begin(name, contents.size());
        for (std::size_t at = 0; at < contents.size(); at += piece) {
            leave_if_stopped();
            zip_.write(std::string_view(contents).substr(at, piece));
        }
        leave_if_stopped();
        files_[name] = {{"bytes", contents.size()}, {"sha256", sha256_hex(contents)}};
    }

    /// Safetensors are verified first.
    void add_tensors(const std::string& name, const fs::path& file) {
        leave_if_stopped();
        (void)SafetensorsFile(file);
        add(name, read_file(file));
    }

    void finish(Json manifest) {
        manifest["files"] = files_;
        zip_.add("bundle.json", manifest.dump(2) + "\n");
        leave_if_stopped();
        zip_.commit();
    }

private:
    void leave_if_stopped() const {
        if (stop_.stop_requested()) throw Stopped();
    }

    ZipWriter zip_;
    std::stop_token stop_;
    Json files_ = Json::object();
};

void add_checkpoint(BundleWriter& bundle, const CheckpointFolder& checkpoint) {
    const std::string folder = "checkpoints/" + checkpoint_name(checkpoint.step) + "/";
    bundle.add_tensors(folder + "model.safetensors", checkpoint.model());
    bundle.add_tensors(folder + "state.safetensors", checkpoint.state());
}

std::string experiment_hash(const RunDescription& description) { return sha256_hex(description.experiment); }

Json read_manifest(const fs::path& bundle, const fs::path& file) {
    std::error_code ignored;
    if (!fs::exists(file, ignored))
        throw InputError("'" + bundle.string() + "' is no bundle of a run: it has no bundle.json");
    const Json manifest = Json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
    if (manifest.is_discarded() || !manifest.is_object() || manifest.value("format", "") != format_name)
        throw InputError("'" + bundle.string() + "': its bundle.json is not of a form that this program knows");
    return manifest;
}

/// Every file that the manifest names is there as it says, and no other.
void require_files(const fs::path& bundle, const fs::path& folder, const Json& files, std::vector<std::string> names) {
    std::set<std::string> left(names.begin(), names.end());
    left.erase("bundle.json");
    for (const auto& [name, wanted] : files.items()) {
        if (left.erase(name) == 0) throw InputError("'" + bundle.string() + "' lacks the file '" + name + "'");
        if (sha256_of_file(folder / name) != wanted.at("sha256").get<std::string>())
            throw InputError("'" + bundle.string() + "': the file '" + name + "' in it was changed or damaged");
    }
    if (!left.empty())
        throw InputError("'" + bundle.string() + "' holds a file that its bundle.json does not name: '" +
                         *left.begin() + "'");
}

RunBundle read_unpacked(const fs::path& folder, const Json& manifest) {
    RunBundle bundle;
    bundle.run = manifest.at("run").get<std::string>();
    bundle.checkpoint_step = manifest.at("checkpoint_step").get<std::int64_t>();
    bundle.model = folder / "checkpoints" / checkpoint_name(bundle.checkpoint_step) / "model.safetensors";
    bundle.metrics = read_file(folder / "metrics.csv");
    const RunEvent event = parse_stored_event("started", 0, read_file(folder / "started.json"));
    bundle.description = std::get<RunStarted>(event).description;
    bundle.experiment = bundle.description.experiment;
    const fs::path beginning = folder / "checkpoints" / checkpoint_name(0) / "model.safetensors";
    std::error_code ignored;
    if (bundle.description.origin && fs::exists(beginning, ignored)) bundle.beginning = beginning;
    return bundle;
}

}  // namespace

bool write_bundle(const RunFolder& run, const CheckpointFolder& checkpoint, const fs::path& target,
                  std::stop_token stop) try {
    if (target.extension() != ".zip")
        throw InputError("'" + target.string() + "': a bundle's file name must end in .zip");
    const RunStarted started = first_start(run);
    const RunDescription& description = started.description;
    RunRecord record(run.path);
    record.follow_store();
    BundleWriter bundle(target, std::move(stop));
    bundle.add("experiment.toml", read_file(run.experiment()));
    bundle.add("started.json", to_stored(started).json);
    bundle.add("metrics.csv", metrics_csv(record));
    if (description.origin && checkpoint.step != 0)
        for (const CheckpointFolder& other : list_checkpoints(run))
            if (other.step == 0) add_checkpoint(bundle, other);
    add_checkpoint(bundle, checkpoint);
    bundle.finish({{"format", format_name},
                   {"run", run.path.filename().string()},
                   {"checkpoint_step", checkpoint.step},
                   {"experiment_sha256", experiment_hash(description)},
                   {"data_sha256", description.data_sha256},
                   {"data", description.data_source},
                   {"trained_with",
                    {{"wavlab", description.wavlab_version},
                     {"commit", description.commit},
                     {"torch", description.torch_version},
                     {"device", description.device},
                     {"threads", description.threads},
                     {"cpu_capability", description.cpu_capability}}},
                   {"written_by", {{"wavlab", version()}, {"commit", commit()}}}});
    return true;
} catch (const BundleWriter::Stopped&) {
    return false;
}

RunBundle open_bundle(const fs::path& bundle, const fs::path& folder) {
    std::vector<std::string> names = unpack_zip(bundle, folder, most_bytes);
    const Json manifest = read_manifest(bundle, folder / "bundle.json");
    try {
        require_files(bundle, folder, manifest.at("files"), std::move(names));
        return read_unpacked(folder, manifest);
    } catch (const Json::exception&) {
        throw InputError("'" + bundle.string() + "': its bundle.json is incomplete");
    }
}

}  // namespace wavlab
