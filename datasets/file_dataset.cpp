// SPDX-License-Identifier: GPL-3.0-or-later
// `file:PATH`: any UTF-8 text file.

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/dataset.h"
#include "datasets/token_cache.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

bool accepts(const std::string& dataset) { return dataset.starts_with(file_prefix); }

TextCorpus load(const DataRequest& request) {
    const std::filesystem::path path = resolve_text_path(request.dataset, request.base_folder);
    // The first 9/10 of the characters train, the others validate.
    const FileTextFacts facts = examine_for(request, path);
    TextCorpus corpus;
    corpus.source_description = describe_text_file(path, facts);
    if (request.validation.empty()) {
        corpus.train = std::make_shared<FileText>(path, Normalisation::text, 0, facts.cut);
        corpus.validation = std::make_shared<FileText>(path, Normalisation::text, facts.cut);
    } else {
        corpus.train = std::make_shared<FileText>(path);
        use_validation_file(request, corpus);
    }
    return corpus;
}

std::string identity(const DataRequest& request) {
    return "file " + file_identity(resolve_text_path(request.dataset, request.base_folder)) +
           validation_identity(request);
}

const Registration<DatasetDescriptor> registration{{
    .id = "file",
    .title = WAVLAB_TEXT("Text file"),
    .summary =
        WAVLAB_TEXT("file:PATH, any UTF-8 text. The last tenth of its characters validates, unless another file does."),
    .licence = "that of the file",
    .citation = "",
    .order = 1,
    .options = {},
    .accepts = accepts,
    .load = load,
    .identity = identity,
}};

}  // namespace

}  // namespace wavlab
