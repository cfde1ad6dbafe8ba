// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/text_source.h"

namespace wavlab {

/// How a file holds its text.
enum class Packing {
    none,         ///< the file is the text
    compressed,   ///< one text, compressed with gzip, bzip2, xz or zstd
    zip,          ///< a ZIP archive
    tar,          ///< a tar archive, compressed or not
    tar_of_tars,  ///< a tar archive whose members are tar archives, each compressed or not
};

/// A file that a dataset is made from.
struct ManifestFile {
    std::vector<std::string> addresses;  ///< HTTP(S), tried in turn; empty: it can only be added by hand
    std::string name;                    ///< what it is called on disk
    std::optional<std::int64_t> size;    ///< bytes
    std::string sha256;                  ///< 64 hexadecimal digits
    Packing packing = Packing::none;
    std::vector<std::string> members;              ///< patterns (* and ?) of the members wanted; empty: all
    std::string json_field;                        ///< not empty: each line is a JSON object, its document stands here
    std::optional<std::int64_t> unpacked_size;     ///< bytes of the wanted members together
    std::string unpacked_sha256;                   ///< of the wanted members one after another; empty: not known
    std::optional<std::int64_t> unpacked_at_most;  ///< bytes; the limit where the size is not known
    std::int64_t members_at_most = 1'000'000;

    /// "45 MB of text", as known: the unpacked size, else its limit, else what the packing leaves open.
    std::optional<std::int64_t> text_bytes() const;
};

inline constexpr std::array<const char*, 3> part_names{"train", "validation", "test"};

/// How the text is cut into training, validation and test part. Exactly one of the four ways is used.
struct ManifestSplits {
    std::array<std::string, 3> names;   ///< a pattern each for names of files or members; empty: no such part
    std::vector<std::int64_t> bytes;    ///< 2 or 3 lengths; the text is cut at these places
    std::vector<double> fractions;      ///< 2 or 3 that sum to 1, of the characters (bytes without normalisation)
    std::int64_t validation_every = 0;  ///< document n, 2n, 3n, ... validates

    bool by_name() const { return !names[0].empty(); }
};

enum class ManifestKind { dataset, tokenizer };

/// Everything that is needed to get a dataset and to make its text. docs/dataset-manifests.md describes the format.
struct DatasetManifest {
    std::string id, title, summary, licence, licence_address, citation, homepage;
    ManifestKind kind = ManifestKind::dataset;
    std::string document_separator;  ///< between documents: put between members, or what stands in the text already
    Normalisation normalisation = Normalisation::text;
    bool tidy_documents = false;  ///< several blank lines become one, white space at both ends goes
    std::vector<ManifestFile> files;
    ManifestSplits splits;

    std::string source;             ///< the file it was read from; empty: it comes with the program
    bool replaces_shipped = false;  ///< a user's that has the id of one that comes with the program

    /// Bytes to download, as far as known.
    std::int64_t download_size() const;
    /// SHA-256 of what the manifest says, whatever its comments and layout.
    std::string digest() const;
};

/// "a-z, 0-9, '-', '_' and '.', beginning with a letter or digit, at most 64 characters."
bool is_dataset_id(std::string_view id);

/// Whether a path or name fits a pattern: * stands for any characters ('/' included), ? for one.
bool fits_pattern(std::string_view text, std::string_view pattern);

/// Throws InputError that names file, line, key and what is allowed for anything that is wrong.
DatasetManifest parse_manifest(std::string_view toml, const std::string& file_name);

/// As a manifest file; parse_manifest reads the same back.
std::string to_toml(const DatasetManifest& manifest);

/// Manifests that come with the program and the user's own.
struct ManifestList {
    std::vector<DatasetManifest> manifests;  ///< by id; a user's takes the place of one of the same id
    std::vector<std::string> problems;       ///< one sentence for each manifest that cannot be used

    /// Null when there is none.
    const DatasetManifest* find(std::string_view id) const;
};

/// Where users put manifests: the folders in WAVLAB_MANIFESTS (separated by ':'), else
/// $XDG_CONFIG_HOME/wavlab/datasets, else ~/.config/wavlab/datasets.
std::vector<std::filesystem::path> user_manifest_folders();

ManifestList load_manifests(const std::vector<std::filesystem::path>& user_folders = user_manifest_folders());

}  // namespace wavlab
