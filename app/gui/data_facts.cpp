// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/data_facts.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "datasets/data_request.h"
#include "datasets/token_data.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

/// Texts up to this size are read as a run would; of larger ones the beginning is.
constexpr std::int64_t whole_text_limit = 32 << 20;
constexpr std::size_t part_size = 8u << 20;

/// The beginning of a text, of about part_size bytes.
std::string beginning_of(const TextSource& text) {
    struct Enough {};
    std::string part;
    try {
        text.read([&](std::string_view piece) {
            part += piece;
            if (part.size() >= part_size) throw Enough();
        });
    } catch (const Enough&) {
    }
    return part;
}

/// From the beginning of a text: the vocabulary is at least that, and the rest is taken to be alike.
DataFacts facts_of_beginning(const DataRequest& request, const TextSource& text, std::int64_t train_bytes,
                             std::int64_t validation_bytes) {
    const MemoryText part(beginning_of(text));
    const auto tokenizer = find_tokenizer(request.tokenizer).build({&part}, request.tokenizer_options);
    const auto tokens = static_cast<double>(encode_text(*tokenizer, part).size());
    const double tokens_per_byte = tokens / static_cast<double>(std::max<std::int64_t>(1, part.bytes()));
    DataFacts facts;
    facts.exact = false;
    facts.vocabulary = tokenizer->vocabulary_size();
    facts.train_tokens = static_cast<std::int64_t>(tokens_per_byte * static_cast<double>(train_bytes));
    facts.validation_tokens = static_cast<std::int64_t>(tokens_per_byte * static_cast<double>(validation_bytes));
    return facts;
}

DataFacts facts_of_tokens(const TokenData& data) {
    DataFacts facts;
    facts.vocabulary = data.tokenizer->vocabulary_size();
    facts.train_tokens = data.train.size();
    facts.validation_tokens = data.validation.size();
    facts.source = data.source_description;
    return facts;
}

DataFacts facts_of(const Experiment& experiment) {
    DataRequest request = data_request(experiment);
    if (const std::optional<TokenData> kept = cached_token_data(request)) return facts_of_tokens(*kept);
    if (request.dataset.starts_with(file_prefix)) {
        // Not even cut into parts: that takes reading all of it.
        const FileText file(resolve_text_path(request.dataset, request.base_folder));
        if (file.bytes() > whole_text_limit) {
            std::int64_t train_bytes = file.bytes() / 10 * 9, validation_bytes = file.bytes() / 10;
            if (!request.validation.empty()) {
                train_bytes = file.bytes();
                validation_bytes = FileText(resolve_text_path(request.validation, request.base_folder)).bytes();
            }
            DataFacts facts = facts_of_beginning(request, file, train_bytes, validation_bytes);
            facts.source = fs::path(request.dataset).filename().string();
            return facts;
        }
    }
    if (request.dataset == "toy-stories" && request.size > whole_text_limit) {
        // Its stories are all alike, and generating all of them takes long.
        const double larger = static_cast<double>(request.size) / static_cast<double>(whole_text_limit);
        request.size = whole_text_limit;
        DataFacts facts = facts_of_tokens(load_token_data(request, 0));
        facts.exact = false;
        facts.train_tokens = static_cast<std::int64_t>(larger * static_cast<double>(facts.train_tokens));
        facts.validation_tokens = static_cast<std::int64_t>(larger * static_cast<double>(facts.validation_tokens));
        return facts;
    }
    const TextCorpus corpus = load_text_corpus(request);
    if (corpus.train->bytes() <= whole_text_limit) return facts_of_tokens(load_token_data(request, 0));
    DataFacts facts = facts_of_beginning(request, *corpus.train, corpus.train->bytes(), corpus.validation->bytes());
    facts.source = corpus.source_description;
    return facts;
}

}  // namespace

std::string data_key(const Experiment& experiment) {
    std::string key = experiment.folder.string();
    for (const ExperimentField& field : experiment_fields())
        if (field.table == "data") key += '\n' + to_text(field.get(experiment));
    return key;
}

DataFacts find_data_facts(const Experiment& experiment) {
    DataFacts facts;
    try {
        return facts_of(experiment);
    } catch (const std::exception& error) {
        facts.problem = error.what();
    }
    const bool about_validation =
        !experiment.data.validation.empty() && facts.problem.find(experiment.data.validation) != std::string::npos;
    facts.problem_key = about_validation ? "data.validation" : "data.dataset";
    return facts;
}

}  // namespace wavlab
