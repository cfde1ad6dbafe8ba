// SPDX-License-Identifier: GPL-3.0-or-later
// `file:PATH`: any UTF-8 text file.

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/dataset.h"
#include "datasets/text.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

bool accepts(const std::string& dataset) { return dataset.starts_with(file_prefix); }

/// The first 9/10 of the characters stay in train_text, the others move to validation_text.
void split(std::string text, TextCorpus& corpus) {
    const std::int64_t characters = count_characters(text);
    const std::int64_t training = characters / 10 * 9 + characters % 10 * 9 / 10;
    const std::size_t offset = character_offset(text, training);
    corpus.validation_text = text.substr(offset);
    text.resize(offset);
    corpus.train_text = std::move(text);
}

TextCorpus load(const DataRequest& request) {
    const std::filesystem::path path = resolve_text_path(request.dataset, request.base_folder);
    TextCorpus corpus;
    FileText file = read_text_file(path);
    corpus.source_description = describe_text_file(path, file);
    if (request.validation.empty()) {
        split(std::move(file.text), corpus);
    } else {
        corpus.train_text = std::move(file.text);
        use_validation_file(request, corpus);
    }
    return corpus;
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
}};

}  // namespace

}  // namespace wavlab
