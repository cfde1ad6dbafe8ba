// SPDX-License-Identifier: GPL-3.0-or-later
// Datasets of manifests: downloaded ones, and those made of the user's own files.

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/dataset.h"
#include "datasets/installed_dataset.h"
#include "datasets/manifest.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

bool accepts(const std::string& dataset) {
    if (!is_dataset_id(dataset)) return false;
    std::error_code error;
    return std::filesystem::exists(default_data_folder().dataset(dataset), error) || load_manifests().find(dataset);
}

void require_text(const std::string& id, ManifestKind kind) {
    if (kind != ManifestKind::dataset)
        throw InputError("'" + id + "' holds the files of a tokenizer, it is no text to train on");
}

/// Throws InputError that says how to get it where it is not here.
InstalledDataset require_installed(const std::string& id) {
    const std::optional<InstalledDataset> installed = installed_dataset(id);
    if (!installed) {
        const ManifestList manifests = load_manifests();
        const DatasetManifest* manifest = manifests.find(id);
        if (!manifest) throw InputError("the dataset '" + id + "' was removed just now");
        require_text(id, manifest->kind);
        const std::int64_t size = manifest->download_size();
        throw InputError("the dataset '" + id + "' is not on this machine yet: 'wavlab data get " + id +
                         "' or Datasets in the window downloads it" +
                         (size > 0 ? " (" + size_text(size) + ")" : std::string()));
    }
    require_text(id, installed->kind);
    return *installed;
}

std::shared_ptr<const TextSource> part(const InstalledDataset& dataset, const char* name) {
    const InstalledFile* file = dataset.part(name);
    if (!file) throw InputError("the dataset '" + dataset.id + "' has no " + name + " part");
    return std::make_shared<FileText>(file->path, Normalisation::none);
}

TextCorpus load(const DataRequest& request) {
    const InstalledDataset dataset = require_installed(request.dataset);
    TextCorpus corpus;
    corpus.source_description = dataset.title + " (" + dataset.id + ", " + size_text(dataset.bytes()) + ", installed " +
                                dataset.installed_at + ", manifest " + dataset.manifest_digest.substr(0, 12) + ")";
    corpus.train = part(dataset, "train");
    if (request.validation.empty())
        corpus.validation = part(dataset, "validation");
    else
        use_validation_file(request, corpus);
    return corpus;
}

std::string identity(const DataRequest& request) {
    std::string text = "dataset " + request.dataset;
    for (const InstalledFile& file : require_installed(request.dataset).files)
        text += "\n" + file.part + " " + file.sha256;
    return text + validation_identity(request);
}

std::vector<DatasetName> names() {
    std::vector<DatasetName> all;
    const ManifestList manifests = load_manifests();
    for (const DatasetManifest& manifest : manifests.manifests)
        if (manifest.kind == ManifestKind::dataset) all.push_back({manifest.id, manifest.title, manifest.summary});
    for (const std::string& id : installed_ids(default_data_folder())) {
        if (manifests.find(id)) continue;
        try {
            if (const auto dataset = installed_dataset(id)) all.push_back({id, dataset->title, ""});
        } catch (const InputError&) {
            // A damaged one cannot be trained on; the list of datasets says why.
        }
    }
    return all;
}

const Registration<DatasetDescriptor> registration{{
    .id = "manifest",
    .title = WAVLAB_TEXT("Datasets"),
    .summary = WAVLAB_TEXT("Known datasets that are downloaded once, and those made of your own files."),
    .licence = "that of the dataset",
    .citation = "",
    .order = 2,
    .options = {},
    .accepts = accepts,
    .load = load,
    .identity = identity,
    .names = names,
}};

}  // namespace

}  // namespace wavlab
