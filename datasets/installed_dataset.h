// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/data_folder.h"
#include "datasets/data_progress.h"
#include "datasets/manifest.h"

namespace wavlab {

/// A finished file of an installed dataset.
struct InstalledFile {
    std::string part;  ///< "train", "validation", "test"; of a tokenizer its name, such as "vocab.bpe"
    std::filesystem::path path;
    std::int64_t bytes = 0;
    std::string sha256;
};

/// A file that it was made from.
struct SourceFile {
    std::string name, address, sha256;
    std::int64_t bytes = 0;
};

/// A dataset in the data folder, complete: what installed.json says.
struct InstalledDataset {
    std::string id, title, licence, citation;
    ManifestKind kind = ManifestKind::dataset;
    std::string manifest_digest;
    std::string installed_at;  ///< UTC, "2026-01-31T12:00:00Z"
    /// How the files were made. They are finished: read them with Normalisation::none.
    Normalisation normalisation = Normalisation::text;
    std::string document_separator;
    std::int64_t documents = 0;     ///< 0: not known, the files are whole texts
    std::int64_t replacements = 0;  ///< U+FFFD put in place of invalid bytes
    std::vector<InstalledFile> files;
    std::vector<SourceFile> sources;
    std::filesystem::path folder;

    /// Null when there is no such part.
    const InstalledFile* part(std::string_view name) const;
    std::int64_t bytes() const;
};

/// The dataset with this id; empty when it is not installed. Throws InputError that says what is wrong when what is
/// there is damaged (a file missing or of another size). Checksums are not read; see verify_installed.
std::optional<InstalledDataset> installed_dataset(const std::string& id,
                                                  const DataFolder& folder = default_data_folder());

/// Ids of the datasets in the folder, sound or not.
std::vector<std::string> installed_ids(const DataFolder& folder);

/// Writes installed.json into `folder`, which is not yet in its place.
void write_installed(const InstalledDataset& dataset, const std::filesystem::path& folder);

/// Reads every file and compares its SHA-256 with the one noted when it was made. Empty when all is well, else one
/// sentence. Throws DataWorkStopped.
std::string verify_installed(const InstalledDataset& dataset, DataWatch& watch);

}  // namespace wavlab
