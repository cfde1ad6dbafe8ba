// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/data_facts.h"

#include <array>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "core/registry.h"
#include "datasets/data_request.h"
#include "datasets/dataset.h"
#include "datasets/tokenizer.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

namespace fs = std::filesystem;

/// Files up to this size are read as a run would; of larger ones the beginning is.
constexpr std::uintmax_t whole_file_limit = 32u << 20;
constexpr std::size_t part_size = 8u << 20;

/// Characters of a part of a file: the vocabulary is at least that.
DataFacts facts_of_part(const fs::path& file, std::uintmax_t size) {
    std::ifstream stream(file, std::ios::binary);
    std::string part(part_size, '\0');
    stream.read(part.data(), static_cast<std::streamsize>(part.size()));
    part.resize(static_cast<std::size_t>(stream.gcount()));
    if (part.empty()) throw InputError(file.string() + " cannot be read");
    while (!part.empty() && (static_cast<unsigned char>(part.back()) & 0xC0) == 0x80) part.pop_back();
    if (!part.empty() && static_cast<unsigned char>(part.back()) >= 0xC0) part.pop_back();
    const TokenizerDescriptor* tokenizer = Registry<TokenizerDescriptor>::find("char");
    DataFacts facts;
    facts.exact = false;
    facts.source = file.filename().string();
    if (!tokenizer) return facts;
    facts.vocabulary = tokenizer->build({part})->vocabulary_size();
    facts.train_tokens = static_cast<std::int64_t>(size / 10 * 9);
    facts.validation_tokens = static_cast<std::int64_t>(size / 10);
    return facts;
}

DataFacts facts_of_whole(const Experiment& experiment) {
    const DataRequest request = data_request(experiment);
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all()) {
        if (!dataset.accepts || !dataset.accepts(request.dataset)) continue;
        const TextCorpus corpus = dataset.load(request);
        const TokenizerDescriptor* descriptor = Registry<TokenizerDescriptor>::find(request.tokenizer);
        if (!descriptor) throw InputError("there is no tokenizer '" + request.tokenizer + "'");
        const std::unique_ptr<Tokenizer> tokenizer = descriptor->build({corpus.train_text, corpus.validation_text});
        DataFacts facts;
        facts.vocabulary = tokenizer->vocabulary_size();
        facts.train_tokens = static_cast<std::int64_t>(tokenizer->encode(corpus.train_text).size());
        facts.validation_tokens = static_cast<std::int64_t>(tokenizer->encode(corpus.validation_text).size());
        facts.source = corpus.source_description;
        return facts;
    }
    throw InputError("there is no dataset '" + request.dataset + "'");
}

}  // namespace

std::string data_key(const Experiment& experiment) {
    const DataSettings& data = experiment.data;
    std::string key = experiment.folder.string();
    for (const std::string& part :
         {data.dataset, data.tokenizer, data.validation, std::to_string(data.size), std::to_string(data.seed)})
        key += '\n' + part;
    return key;
}

DataFacts find_data_facts(const Experiment& experiment) {
    DataFacts facts;
    try {
        const std::string_view dataset = experiment.data.dataset;
        if (dataset.starts_with(file_prefix)) {
            const fs::path file = resolve_text_path(dataset, experiment.folder);
            std::error_code error;
            const std::uintmax_t size = fs::is_regular_file(file, error) ? fs::file_size(file, error) : 0;
            if (!error && size > whole_file_limit) return facts_of_part(file, size);
        }
        return facts_of_whole(experiment);
    } catch (const std::exception& error) {
        facts.problem = error.what();
    }
    const bool about_validation =
        !experiment.data.validation.empty() && facts.problem.find(experiment.data.validation) != std::string::npos;
    facts.problem_key = about_validation ? "data.validation" : "data.dataset";
    return facts;
}

}  // namespace wavlab
