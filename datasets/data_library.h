// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "datasets/data_folder.h"
#include "datasets/data_progress.h"
#include "datasets/download.h"
#include "datasets/installed_dataset.h"
#include "datasets/local_import.h"
#include "datasets/manifest.h"

namespace wavlab {

enum class DatasetState {
    available,  ///< known, nothing of it is here
    partial,    ///< some of its files, or parts of them, are here
    installed,
    damaged,  ///< it was installed, but what is there cannot be used
};

/// "available", "partial", "installed", "damaged".
const char* state_name(DatasetState state);

/// A dataset that is known or here.
struct DatasetEntry {
    DatasetManifest manifest;
    DatasetState state = DatasetState::available;
    std::string problem;          ///< why it is damaged
    std::int64_t bytes_here = 0;  ///< of its files, where it is partial
    std::optional<InstalledDataset> installed;
    bool added_by_hand = false;   ///< made by `import`: it cannot be downloaded again
    bool other_manifest = false;  ///< it was made from a manifest that said something else
    bool licence_accepted = false;
    bool busy = false;  ///< somebody works on it just now
};

/// How work that can be stopped has ended.
enum class DataOutcome { done, stopped };

/// The datasets of a data folder: what there is, getting, checking, removing. Free of state but for the manifests:
/// several objects, threads and processes may work on one folder.
class DataLibrary {
public:
    explicit DataLibrary(DataFolder folder = default_data_folder(), ManifestList manifests = load_manifests(),
                         DownloadLimits limits = {});

    const DataFolder& folder() const { return folder_; }
    /// User manifests that cannot be used, one sentence each.
    const std::vector<std::string>& problems() const { return manifests_.problems; }

    /// All datasets, by id.
    std::vector<DatasetEntry> datasets() const;
    /// Throws InputError naming those that exist when there is no such dataset.
    DatasetEntry find(const std::string& id) const;
    /// Whether there is a manifest with this id.
    bool is_known(const std::string& id) const { return manifests_.find(id) != nullptr; }

    /// Remembers that the user agrees to the dataset's licence.
    void accept_licence(const std::string& id);

    /// Downloads what is missing, checks it, and makes the text. A dataset that is installed already is left as it is.
    /// When stopped (pause), what is here stays, and another call goes on with it; `discard_partial` throws it away
    /// (cancel). Throws InputError (licence not accepted, another process works on it), DownloadError, WorkError.
    DataOutcome install(const std::string& id, const ProgressCallback& progress = {}, std::stop_token stop = {});

    /// Throws away what was downloaded of a dataset that is not finished.
    void discard_partial(const std::string& id);

    /// Takes files of a dataset from elsewhere: one file, or those found in a folder, if their checksums fit. When all
    /// are here it is installed; `missing` gets the names of those that are not. Throws InputError where nothing fits.
    DataOutcome add_files(const std::string& id, const std::filesystem::path& path, std::vector<std::string>& missing,
                          const ProgressCallback& progress = {}, std::stop_token stop = {});

    /// Makes a dataset of the user's own files. Throws InputError that says what is wrong.
    DataOutcome import(const LocalImport& request, const ProgressCallback& progress = {}, std::stop_token stop = {});

    /// Compares checksums. `problem` gets one sentence when something is wrong.
    DataOutcome verify(const std::string& id, std::string& problem, const ProgressCallback& progress = {},
                       std::stop_token stop = {});

    /// Removes an installed dataset and what is here of its files. Throws InputError when there is nothing.
    void remove(const std::string& id);

private:
    const DatasetManifest& manifest(const std::string& id) const;
    DatasetEntry describe(const DatasetManifest& manifest) const;

    DataFolder folder_;
    ManifestList manifests_;
    DownloadLimits limits_;
};

}  // namespace wavlab
