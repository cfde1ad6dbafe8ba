// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "datasets/manifest.h"

namespace wavlab {

/// The folder in which datasets are kept, for all runs. A dataset's own folder appears complete, by one rename;
/// whatever is unfinished lies in `.partial`.
struct DataFolder {
    std::filesystem::path path;

    /// <folder>/<id>: the finished text and installed.json.
    std::filesystem::path dataset(const std::string& id) const { return path / id; }
    /// <folder>/.partial/<id>: where its files are downloaded to, and may be put by hand.
    std::filesystem::path partial(const std::string& id) const { return path / ".partial" / id; }
    /// Held while somebody changes what there is of a dataset.
    std::filesystem::path lock(const std::string& id) const { return path / ".locks" / (id + ".lock"); }
    /// Which licences were accepted.
    std::filesystem::path licences() const { return path / "licences.json"; }
};

/// WAVLAB_DATA, else $XDG_DATA_HOME/wavlab/datasets, else ~/.local/share/wavlab/datasets.
DataFolder default_data_folder();

/// Makes a folder and those above it. Throws InputError that says why it cannot be.
void make_data_folder(const std::filesystem::path& folder);

/// Whether the dataset's licence, as it stands in the manifest, was accepted before.
bool licence_accepted(const DataFolder& folder, const DatasetManifest& manifest);

/// Remembers it. Throws InputError and WorkError where the folder cannot be written.
void accept_licence(const DataFolder& folder, const DatasetManifest& manifest);

/// Bytes free for this user on the file system of a folder, or of the nearest one above it that exists; empty when the
/// system does not tell.
std::optional<std::int64_t> free_disk_space(const std::filesystem::path& folder);

/// Throws WorkError that says how much is needed and how much is free, when it is too little.
void require_disk_space(const std::filesystem::path& folder, std::int64_t bytes, const std::string& what_for);

/// "1.9 GB", "31.3 MB", "456 bytes".
std::string size_text(std::int64_t bytes);

}  // namespace wavlab
