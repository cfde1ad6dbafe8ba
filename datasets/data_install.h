// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "datasets/data_folder.h"
#include "datasets/data_progress.h"
#include "datasets/download.h"
#include "datasets/manifest.h"

namespace wavlab {

// The steps of DataLibrary that change the data folder. Whoever calls them holds the dataset's lock.

/// Where the files of a manifest lie, by their names in it; all of them have been found to be what they must be.
using SourcePaths = std::map<std::string, std::filesystem::path>;

/// Names of the manifest's files that are not in the partial folder, or are not what they must be.
std::vector<std::string> missing_files(const DatasetManifest& manifest, const DataFolder& folder, DataWatch& watch);

/// Throws WorkError when the disk has too little space for downloading what is missing and for the text.
void require_space_for(const DatasetManifest& manifest, const std::vector<std::string>& missing,
                       const DataFolder& folder);

/// Downloads one file into the partial folder. Throws DownloadError that also says how to do without a connection.
void download_file(const DatasetManifest& manifest, const ManifestFile& file, const DataFolder& folder,
                   const DownloadLimits& limits, DataWatch& watch);

/// How a file can be added by hand: "put text8.zip (SHA-256 ...) into ... ".
std::string by_hand(const DatasetManifest& manifest, const ManifestFile& file, const DataFolder& folder);

/// Makes the finished text of the files and puts it in its place.
void make_dataset(const DatasetManifest& manifest, const SourcePaths& sources, const DataFolder& folder,
                  DataWatch& watch);

/// Copies what is missing into the partial folder: the file `path`, or the files of that folder that have the right
/// names. What was found goes from `missing`. Throws InputError when nothing fits.
void take_files(const DatasetManifest& manifest, const std::filesystem::path& path, std::vector<std::string>& missing,
                const DataFolder& folder, DataWatch& watch);

/// The partial folder's files, as sources.
SourcePaths partial_sources(const DatasetManifest& manifest, const DataFolder& folder);

}  // namespace wavlab
