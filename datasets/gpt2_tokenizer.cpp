// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/gpt2_tokenizer.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/gpt2_words.h"
#include "datasets/installed_dataset.h"

namespace wavlab {

Gpt2Tokenizer::Gpt2Tokenizer(Gpt2Vocabulary vocabulary)
    : vocabulary_(std::move(vocabulary)),
      texts_(vocabulary_.token_texts()),
      encoding_(vocabulary_.bytes, vocabulary_.merges) {
    const auto found = vocabulary_.others.find(std::string(separator));
    if (found != vocabulary_.others.end()) separator_ = found->second;
}

Gpt2Tokenizer::~Gpt2Tokenizer() = default;

template <class Token>
void Gpt2Tokenizer::encode_words(std::string_view text, WordCache& cache, std::vector<Token>& tokens) const {
    // Words go in batches: while one is looked up, the places of the next ones are on their way from memory.
    struct Word {
        std::string_view text;
        WordCache::Key key;
        std::size_t place = 0;
    };
    std::array<Word, 16> batch;
    std::vector<std::int32_t> word_tokens;
    const char* const text_end = text.data() + text.size();
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t count = 0;
        for (; count < batch.size() && begin < text.size(); ++count) {
            Word& word = batch[count];
            const std::size_t end = gpt2_word_end(text, begin);
            word.text = text.substr(begin, end - begin);
            begin = end;
            if (word.text.size() > WordCache::longest_word) continue;
            word.key = WordCache::key_of(word.text, text_end);
            word.place = cache.fetch(word.key);
        }
        for (const Word& word : std::span(batch).first(count)) {
            const bool cached = word.text.size() <= WordCache::longest_word;
            if (cached) {
                if (const WordCache::Entry* entry = cache.find(word.key, word.place)) {
                    for (std::int32_t i = 0; i < entry->count; ++i)
                        tokens.push_back(static_cast<Token>(entry->tokens[static_cast<std::size_t>(i)]));
                    continue;
                }
            }
            word_tokens.clear();
            encoding_.encode(word.text, word_tokens);
            for (const std::int32_t token : word_tokens) tokens.push_back(static_cast<Token>(token));
            if (cached) cache.keep(word.key, word.place, word_tokens.data(), word_tokens.size());
        }
    }
}

template <class Token>
void Gpt2Tokenizer::encode_all(std::string_view text, std::vector<Token>& tokens) const {
    std::unique_ptr<WordCache> cache;
    {
        const std::lock_guard lock(mutex_);
        if (!caches_.empty()) {
            cache = std::move(caches_.back());
            caches_.pop_back();
        }
    }
    if (!cache) cache = std::make_unique<WordCache>();
    while (!text.empty()) {
        const std::size_t end = separator_ ? std::min(text.find(separator), text.size()) : text.size();
        encode_words(text.substr(0, end), *cache, tokens);
        text.remove_prefix(end);
        if (text.empty()) break;
        tokens.push_back(static_cast<Token>(*separator_));
        text.remove_prefix(separator.size());
    }
    const std::lock_guard lock(mutex_);
    caches_.push_back(std::move(cache));
}

std::vector<std::int32_t> Gpt2Tokenizer::encode(std::string_view utf8) const {
    std::vector<std::int32_t> tokens;
    encode_all(utf8, tokens);
    return tokens;
}

void Gpt2Tokenizer::encode_into(std::string_view utf8, TokenSequence& tokens) const {
    std::visit([&](auto& typed) { encode_all(utf8, typed); }, tokens.storage());
}

/// Whether a separator begins before a place and ends after it, or might if the text goes on.
bool Gpt2Tokenizer::may_be_in_separator(std::string_view text, std::size_t place) const {
    if (!separator_) return false;
    for (std::size_t back = 1; back < separator.size() && back <= place; ++back) {
        const std::string_view there = text.substr(place - back, separator.size());
        if (there == separator.substr(0, there.size())) return true;
    }
    return false;
}

std::size_t Gpt2Tokenizer::safe_cut(std::string_view utf8) const {
    for (std::size_t place = utf8.size(); place > 0; --place)
        if (is_gpt2_cut(utf8, place) && !may_be_in_separator(utf8, place)) return place;
    return 0;
}

const std::string& Gpt2Tokenizer::text_of(std::int32_t token) const {
    if (token < 0 || token >= vocabulary_size())
        throw InputError("token " + std::to_string(token) + " is not in the vocabulary; allowed are 0 to " +
                         std::to_string(vocabulary_size() - 1));
    return texts_[static_cast<std::size_t>(token)];
}

std::string Gpt2Tokenizer::decode(std::span<const std::int32_t> tokens) const {
    std::string text;
    for (const std::int32_t token : tokens) text += text_of(token);
    return text;
}

std::string Gpt2Tokenizer::decode_token(std::int32_t token) const { return text_of(token); }

namespace {

constexpr const char* vocabulary_key = "vocabulary_file";
constexpr const char* merges_key = "merges_file";
constexpr const char* installed_id = "gpt2-bpe";

std::vector<Option> options() {
    Option vocabulary{
        .key = vocabulary_key,
        .label = WAVLAB_TEXT("Vocabulary file"),
        .default_value = std::string(),
        .help = WAVLAB_TEXT("The numbers of the tokens, as GPT-2's encoder.json (elsewhere vocab.json). Empty, with an "
                            "empty merges file: those of the installed dataset gpt2-bpe."),
    };
    vocabulary.holds_path = true;
    Option merges{
        .key = merges_key,
        .label = WAVLAB_TEXT("Merges file"),
        .default_value = std::string(),
        .help = WAVLAB_TEXT("The merges of tokens in their order, as GPT-2's vocab.bpe (elsewhere merges.txt)."),
    };
    merges.holds_path = true;
    return {vocabulary, merges};
}

Gpt2Vocabulary installed_vocabulary() {
    if (const std::optional<InstalledDataset> dataset = installed_dataset(installed_id)) {
        const InstalledFile* vocabulary = dataset->part("encoder.json");
        const InstalledFile* merges = dataset->part("vocab.bpe");
        if (vocabulary && merges) return read_gpt2_vocabulary(vocabulary->path, merges->path);
        throw InputError(dataset->folder.string() + " has no encoder.json and vocab.bpe; remove the dataset gpt2-bpe " +
                         "and get it again");
    }
    throw InputError(
        "the tokenizer gpt2-bpe needs GPT-2's vocabulary and merges: get the dataset gpt2-bpe (`wavlab data get "
        "gpt2-bpe`), or name the files encoder.json and vocab.bpe as data.vocabulary_file and data.merges_file");
}

std::unique_ptr<Tokenizer> build(const std::vector<const TextSource*>&, const OptionValues& values) {
    const auto vocabulary_file = get_option<std::string>(options(), values, vocabulary_key);
    const auto merges_file = get_option<std::string>(options(), values, merges_key);
    if (vocabulary_file.empty() != merges_file.empty())
        throw InputError(std::string("data.") + (merges_file.empty() ? merges_key : vocabulary_key) +
                         " is empty; a vocabulary file and its merges file belong together");
    return std::make_unique<Gpt2Tokenizer>(
        vocabulary_file.empty() ? installed_vocabulary() : read_gpt2_vocabulary(vocabulary_file, merges_file));
}

std::unique_ptr<Tokenizer> restore(const nlohmann::json& vocabulary, const OptionValues&) {
    return std::make_unique<Gpt2Tokenizer>(Gpt2Vocabulary::from_json(vocabulary));
}

/// Of the installed dataset, where its files are the ones to use.
std::string identity(const OptionValues& values) {
    std::string text;
    if (!get_option<std::string>(options(), values, vocabulary_key).empty()) return text;
    if (const std::optional<InstalledDataset> dataset = installed_dataset(installed_id))
        for (const InstalledFile& file : dataset->files) text += "\n" + file.part + " " + file.sha256;
    return text;
}

const Registration<TokenizerDescriptor> registration{{
    .id = "gpt2-bpe",
    .title = WAVLAB_TEXT("GPT-2's byte pairs"),
    .summary =
        WAVLAB_TEXT("Parts of words: bytes merged by GPT-2's byte pair encoding, from its vocabulary and merges. "
                    "<|endoftext|> between documents is one token."),
    .order = 20,
    .options = options(),
    .build = build,
    .restore = restore,
    .identity = identity,
}};

}  // namespace

}  // namespace wavlab
