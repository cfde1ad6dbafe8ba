// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/data_library.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/experiment_text.h"
#include "core/file_lock.h"
#include "core/safe_file.h"
#include "core/translatable.h"
#include "datasets/data_file.h"
#include "datasets/data_install.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

std::int64_t size_or_zero(const fs::path& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    return error ? 0 : static_cast<std::int64_t>(size);
}

/// Held while a dataset is changed.
FileLock lock_dataset(const DataFolder& folder, const std::string& id) {
    make_data_folder(folder.lock(id).parent_path());
    std::optional<FileLock> lock = FileLock::try_take(folder.lock(id));
    if (lock) return std::move(*lock);
    throw InputError("another process or window is working on '" + id + "' in " + folder.path.string() +
                     " just now; wait until it is done");
}

void remove_folder(const fs::path& folder) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) throw WorkError(folder.string() + ": cannot be removed: " + reason_text(error.value()));
}

/// The manifest that an installed dataset was made from; one with nothing but its id where that cannot be read.
DatasetManifest own_manifest(const DataFolder& folder, const std::string& id) {
    try {
        const fs::path file = folder.dataset(id) / "manifest.toml";
        DatasetManifest manifest = parse_manifest(read_file(file, std::size_t{1} << 24), file.string());
        if (manifest.id == id) return manifest;
    } catch (const InputError&) {
        // Whatever is wrong is said when its state is looked at.
    }
    DatasetManifest manifest;
    manifest.id = manifest.title = id;
    return manifest;
}

}  // namespace

const char* state_name(DatasetState state) {
    switch (state) {
        case DatasetState::available:
            return WAVLAB_TEXT("available");
        case DatasetState::partial:
            return WAVLAB_TEXT("partial");
        case DatasetState::installed:
            return WAVLAB_TEXT("installed");
        case DatasetState::damaged:
            return WAVLAB_TEXT("damaged");
    }
    return "";
}

DataLibrary::DataLibrary(DataFolder folder, ManifestList manifests, DownloadLimits limits)
    : folder_(std::move(folder)), manifests_(std::move(manifests)), limits_(limits) {}

const DatasetManifest& DataLibrary::manifest(const std::string& id) const {
    if (const DatasetManifest* manifest = manifests_.find(id)) return *manifest;
    std::vector<std::string> ids;
    for (const DatasetManifest& known : manifests_.manifests) ids.push_back(known.id);
    throw InputError("there is no dataset '" + id + "' to get" + suggestion(id, ids) + "; there are " + list_text(ids));
}

DatasetEntry DataLibrary::describe(const DatasetManifest& manifest) const {
    DatasetEntry entry;
    entry.manifest = manifest;
    entry.busy = FileLock::is_held(folder_.lock(manifest.id));
    entry.licence_accepted = wavlab::licence_accepted(folder_, manifest);
    for (const ManifestFile& file : manifest.files) {
        const fs::path path = folder_.partial(manifest.id) / file.name;
        const std::int64_t whole = size_or_zero(path);
        entry.bytes_here += whole > 0 ? whole : size_or_zero(path.string() + ".part");
    }
    if (entry.bytes_here > 0) entry.state = DatasetState::partial;
    try {
        entry.installed = installed_dataset(manifest.id, folder_);
        if (!entry.installed) return entry;
        entry.state = DatasetState::installed;
        entry.other_manifest = entry.installed->manifest_digest != manifest.digest();
    } catch (const InputError& problem) {
        entry.state = DatasetState::damaged;
        entry.problem = problem.what();
    }
    return entry;
}

std::vector<DatasetEntry> DataLibrary::datasets() const {
    std::vector<DatasetEntry> entries;
    for (const DatasetManifest& manifest : manifests_.manifests) entries.push_back(describe(manifest));
    for (const std::string& id : installed_ids(folder_)) {
        if (is_known(id)) continue;
        entries.push_back(describe(own_manifest(folder_, id)));
        entries.back().added_by_hand = true;
    }
    std::sort(entries.begin(), entries.end(),
              [](const DatasetEntry& a, const DatasetEntry& b) { return a.manifest.id < b.manifest.id; });
    return entries;
}

DatasetEntry DataLibrary::find(const std::string& id) const {
    std::error_code error;
    if (is_known(id) || !is_dataset_id(id) || !fs::exists(folder_.dataset(id), error)) return describe(manifest(id));
    DatasetEntry entry = describe(own_manifest(folder_, id));
    entry.added_by_hand = true;
    return entry;
}

void DataLibrary::accept_licence(const std::string& id) { wavlab::accept_licence(folder_, manifest(id)); }

DataOutcome DataLibrary::install(const std::string& id, const ProgressCallback& progress, std::stop_token stop) {
    const DatasetManifest& wanted = manifest(id);
    const FileLock lock = lock_dataset(folder_, id);
    if (describe(wanted).state == DatasetState::installed) return DataOutcome::done;
    make_data_folder(folder_.partial(id));
    try {
        DataWatch watch(progress, std::move(stop));
        const std::vector<std::string> missing = missing_files(wanted, folder_, watch);
        const auto is_missing = [&](const ManifestFile& file) {
            return std::find(missing.begin(), missing.end(), file.name) != missing.end();
        };
        if (!missing.empty() && !wavlab::licence_accepted(folder_, wanted))
            throw InputError("the licence of '" + id + "' (" + wanted.licence +
                             ") has to be accepted first: `wavlab data get " + id + " --accept-licence`");
        require_space_for(wanted, missing, folder_);
        for (const ManifestFile& file : wanted.files)
            if (is_missing(file)) download_file(wanted, file, folder_, limits_, watch);
        make_dataset(wanted, partial_sources(wanted, folder_), folder_, watch);
    } catch (const DataWorkStopped&) {
        return DataOutcome::stopped;
    }
    remove_folder(folder_.partial(id));
    return DataOutcome::done;
}

void DataLibrary::discard_partial(const std::string& id) {
    if (!is_dataset_id(id)) throw InputError("'" + id + "' is no name of a dataset");
    const FileLock lock = lock_dataset(folder_, id);
    remove_folder(folder_.partial(id));
}

DataOutcome DataLibrary::add_files(const std::string& id, const fs::path& path, std::vector<std::string>& missing,
                                   const ProgressCallback& progress, std::stop_token stop) {
    const DatasetManifest& wanted = manifest(id);
    const FileLock lock = lock_dataset(folder_, id);
    missing.clear();
    if (describe(wanted).state == DatasetState::installed) return DataOutcome::done;
    make_data_folder(folder_.partial(id));
    try {
        DataWatch watch(progress, std::move(stop));
        missing = missing_files(wanted, folder_, watch);
        take_files(wanted, path, missing, folder_, watch);
        if (!missing.empty()) return DataOutcome::done;
        require_space_for(wanted, {}, folder_);
        make_dataset(wanted, partial_sources(wanted, folder_), folder_, watch);
    } catch (const DataWorkStopped&) {
        return DataOutcome::stopped;
    }
    remove_folder(folder_.partial(id));
    return DataOutcome::done;
}

DataOutcome DataLibrary::import(const LocalImport& request, const ProgressCallback& progress, std::stop_token stop) {
    if (is_known(request.id))
        throw InputError("'" + request.id + "' is the name of a dataset that can be downloaded; choose another one");
    if (!is_dataset_id(request.id))
        throw InputError("'" + request.id +
                         "' cannot be the name of a dataset: it must be made of a-z, 0-9, '-', '_' "
                         "and '.', begin with a letter or digit, and have at most 64 characters");
    const FileLock lock = lock_dataset(folder_, request.id);
    std::error_code error;
    if (fs::exists(folder_.dataset(request.id), error))
        throw InputError("there is a dataset '" + request.id + "' already; choose another name or remove it first (" +
                         "`wavlab data remove " + request.id + "`)");
    try {
        DataWatch watch(progress, std::move(stop));
        const LocalDataset planned = plan_import(request, watch);
        require_space_for(planned.manifest, {}, folder_);
        make_data_folder(folder_.partial(request.id));
        make_dataset(planned.manifest, planned.sources, folder_, watch);
    } catch (const DataWorkStopped&) {
        remove_folder(folder_.partial(request.id));
        return DataOutcome::stopped;
    } catch (...) {
        fs::remove_all(folder_.partial(request.id), error);
        throw;
    }
    remove_folder(folder_.partial(request.id));
    return DataOutcome::done;
}

DataOutcome DataLibrary::verify(const std::string& id, std::string& problem, const ProgressCallback& progress,
                                std::stop_token stop) {
    const DatasetEntry entry = find(id);
    problem = entry.problem;
    if (entry.state == DatasetState::damaged) return DataOutcome::done;
    if (!entry.installed)
        throw InputError("the dataset '" + id + "' is not here; get it with `wavlab data get " + id + "`");
    try {
        DataWatch watch(progress, std::move(stop));
        problem = verify_installed(*entry.installed, watch);
    } catch (const DataWorkStopped&) {
        return DataOutcome::stopped;
    }
    return DataOutcome::done;
}

void DataLibrary::remove(const std::string& id) {
    std::error_code error;
    const bool there =
        is_dataset_id(id) && (fs::exists(folder_.dataset(id), error) || fs::exists(folder_.partial(id), error));
    if (!there) throw InputError("nothing of a dataset '" + id + "' is in " + folder_.path.string());
    const FileLock lock = lock_dataset(folder_, id);
    // Out of sight at once, then away.
    const fs::path removed = folder_.partial(id) / ".removed";
    make_data_folder(folder_.partial(id));
    remove_folder(removed);
    fs::rename(folder_.dataset(id), removed, error);
    if (error && error != std::errc::no_such_file_or_directory)
        throw WorkError(folder_.dataset(id).string() + ": cannot be removed: " + reason_text(error.value()));
    remove_folder(folder_.partial(id));
}

}  // namespace wavlab
