// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "datasets/data_install.h"
#include "datasets/data_progress.h"
#include "datasets/manifest.h"

namespace wavlab {

/// A dataset that is to be made of the user's own files.
struct LocalImport {
    std::string id;                    ///< what it will be called
    std::filesystem::path path;        ///< a file, or a folder of files, which are taken in the order of their names
    std::filesystem::path validation;  ///< a file; empty: the last tenth validates, cut between documents
    std::string json_field;            ///< of .jsonl files: the field that holds the text
    std::string separator = "\n\n";    ///< between documents
};

/// The manifest that says how the dataset is made, with the files' checksums, and where they lie.
struct LocalDataset {
    DatasetManifest manifest;
    SourcePaths sources;
};

/// Looks at the files. Throws InputError for a name that cannot be used, and files that are missing or of no known
/// kind: .txt, .jsonl, each also compressed (.gz, .zst, .xz, .bz2), .zip, .tar, .tar.*; and DataWorkStopped.
LocalDataset plan_import(const LocalImport& request, DataWatch& watch);

}  // namespace wavlab
