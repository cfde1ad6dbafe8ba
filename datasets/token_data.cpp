// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/token_data.h"

#include <filesystem>

#include "core/error.h"
#include "core/registry.h"
#include "core/sha256.h"
#include "core/translatable.h"
#include "datasets/text.h"
#include "datasets/token_cache.h"

namespace wavlab {

namespace {

// What the loading of a text says it does.
constexpr const char* reading_train = WAVLAB_TEXT("reading the training text");
constexpr const char* reading_validation = WAVLAB_TEXT("reading the validation text");
constexpr const char* encoding_train = WAVLAB_TEXT("encoding the training text");
constexpr const char* encoding_validation = WAVLAB_TEXT("encoding the validation text");

const DatasetDescriptor& find_dataset(const DataRequest& request) {
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all())
        if (dataset.accepts(request.dataset)) return dataset;
    std::string list;
    for (const KnownDataset& known : known_datasets())
        if (known.descriptor->accepts(known.name.id)) list += known.name.id + ", ";
    throw InputError("there is no dataset '" + request.dataset + "'; allowed are " + list +
                     "and file:PATH for a text file");
}

void require_length(const char* part, const TokenSequence& tokens, std::int64_t context, const std::string& source) {
    const std::int64_t needed = context + 1;
    if (tokens.size() >= needed) return;
    const std::string needs = context > 0 ? "a context of " + std::to_string(context) + " needs" : "it needs";
    throw InputError(std::string("the ") + part + " part of " + source + " has " + std::to_string(tokens.size()) +
                     (tokens.size() == 1 ? " token; " : " tokens; ") + needs + " at least " + std::to_string(needed));
}

/// All that the tokens of a request depend on, as text; empty where they are not to be kept.
std::string cache_key(const DataRequest& request, const DatasetDescriptor& dataset,
                      const TokenizerDescriptor& tokenizer) {
    if (!dataset.identity) return "";
    std::string key = dataset.identity(request);
    if (key.empty()) return "";
    key += "\ntokenizer " + tokenizer.id;
    for (const Option& option : tokenizer.options) {
        const OptionValue value = value_or_default(tokenizer.options, request.tokenizer_options, option.key);
        const std::string text = to_text(value);
        const bool is_file = option.holds_path && !text.empty();
        key += "\n" + option.key + " " + (is_file ? file_identity(text, "file of data." + option.key) : text);
    }
    return tokenizer.identity ? key + tokenizer.identity(request.tokenizer_options) : key;
}

/// A source that tells how far it was read and stops when asked to.
class WatchedText final : public TextSource {
public:
    WatchedText(const TextSource& source, const DataRequest& request, std::string activity)
        : source_(source), request_(request), activity_(std::move(activity)) {}

    void read(const Take& take) const override {
        std::int64_t done = 0;
        source_.read([&](std::string_view piece) {
            take(piece);
            done += static_cast<std::int64_t>(piece.size());
            request_.report(activity_, done, source_.bytes());
        });
    }
    std::int64_t bytes() const override { return source_.bytes(); }

private:
    const TextSource& source_;
    const DataRequest& request_;
    std::string activity_;
};

/// Text that has no place to cut it for too long, so that it would have to be encoded at once.
class NoPlaceToCut : public InputError {
public:
    NoPlaceToCut()
        : InputError(
              "the text goes on for more than 16 MB without the end of a word (such as letters without a space, "
              "or white space only), which this tokenizer cannot read; data.tokenizer = \"byte\" or \"char\" "
              "can") {}
};

/// Gives the tokens of a text piece by piece, and the text itself to `see`.
void encode_pieces(const Tokenizer& tokenizer, const TextSource& text, const TextSource::Take& see,
                   const std::function<void(const TokenSequence&)>& take) {
    constexpr std::size_t most_held = std::size_t{16} << 20;  // encoding it takes some sixty times as much memory
    std::string held;                                         // text that cannot be encoded before more is known
    TokenSequence tokens(tokenizer.vocabulary_size());
    const auto encode = [&](std::string_view part) {
        tokens.clear();
        tokenizer.encode_into(part, tokens);
        take(tokens);
    };
    text.read([&](std::string_view piece) {
        if (see) see(piece);
        if (held.empty()) {
            const std::size_t cut = tokenizer.safe_cut(piece);
            encode(piece.substr(0, cut));
            held = piece.substr(cut);
            return;
        }
        held += piece;
        if (held.size() > most_held) throw NoPlaceToCut();
        const std::size_t cut = tokenizer.safe_cut(held);
        encode(std::string_view(held).substr(0, cut));
        held.erase(0, cut);
    });
    if (!held.empty()) encode(held);
}

/// Encodes both parts of a corpus and counts what there is to know of them.
class CorpusEncoder {
public:
    CorpusEncoder(const DataRequest& request, const TokenizerDescriptor& tokenizer, const TextCorpus& corpus)
        : corpus_(corpus),
          train_(*corpus.train, request, encoding_train),
          validation_(*corpus.validation, request, encoding_validation) {
        const WatchedText train(*corpus.train, request, reading_train);
        const WatchedText validation(*corpus.validation, request, reading_validation);
        data_.tokenizer = tokenizer.build({&train, &validation}, request.tokenizer_options);
        data_.source_description = corpus.source_description;
    }

    const Tokenizer& tokenizer() const { return *data_.tokenizer; }

    /// `train` and `validation` get the tokens.
    TokenData encode(const std::function<void(const TokenSequence&)>& train,
                     const std::function<void(const TokenSequence&)>& validation) {
        const auto hash = [this](std::string_view piece) { hash_.update(piece); };
        encode_pieces(tokenizer(), train_, hash, train);
        hash_.update(std::string_view("\0", 1));
        const auto count = [&](std::string_view piece) {
            hash(piece);
            characters_ += count_characters(piece);
            bytes_ += static_cast<std::int64_t>(piece.size());
        };
        encode_pieces(tokenizer(), validation_, count, validation);
        data_.sha256 = hash_.hex_digest();
        if (tokenizer().is_lossless()) {
            data_.validation_characters = characters_;
            data_.validation_bytes = bytes_;
        }
        return data_;
    }

    /// What follows from the tokens of the validation part.
    void measure(TokenData& data, const TokenSequence& validation) const {
        data.unigram_entropy = unigram_entropy(validation, tokenizer().vocabulary_size());
        data.bigram_entropy = bigram_entropy(validation, tokenizer().vocabulary_size());
        // What is left of a text after a loss may be easier to predict than the text itself.
        if (corpus_.validation_floor && validation.size() > 0 && tokenizer().is_lossless())
            data.validation_floor =
                *corpus_.validation_floor * static_cast<double>(characters_) / static_cast<double>(validation.size());
    }

private:
    const TextCorpus& corpus_;
    WatchedText train_, validation_;
    TokenData data_;
    Sha256 hash_;
    std::int64_t characters_ = 0, bytes_ = 0;
};

void append(TokenSequence& all, const TokenSequence& piece) {
    std::visit(
        [&](auto& kept) {
            piece.visit([&](const auto tokens) { kept.insert(kept.end(), tokens.begin(), tokens.end()); });
        },
        all.storage());
}

TokenData in_memory(CorpusEncoder& encoder) {
    const std::int64_t vocabulary = encoder.tokenizer().vocabulary_size();
    TokenSequence train(vocabulary), validation(vocabulary);
    TokenData data = encoder.encode([&](const TokenSequence& piece) { append(train, piece); },
                                    [&](const TokenSequence& piece) { append(validation, piece); });
    train.shrink_to_fit();
    validation.shrink_to_fit();
    data.train = std::move(train);
    data.validation = std::move(validation);
    encoder.measure(data, data.validation);
    return data;
}

/// What `work` gives. Throws InputError where the text became another one (`is_changed`) while it worked.
template <class Work>
auto of_one_text(const TextCorpus& corpus, const std::function<bool()>& is_changed, const Work& work) {
    const auto refuse = [&] {
        return InputError("the " + corpus.source_description +
                          " was changed while it was read; start again when nothing writes to it");
    };
    try {
        auto result = work();
        if (is_changed()) throw refuse();
        return result;
    } catch (const InputError&) {
        // A character that was not there when the vocabulary was made, for example.
        if (is_changed()) throw refuse();
        throw;
    }
}

TokenData load(const DataRequest& request) {
    const TokenizerDescriptor& tokenizer = find_tokenizer(request.tokenizer);
    const DatasetDescriptor& dataset = find_dataset(request);
    const std::string key = cache_key(request, dataset, tokenizer);
    const TokenCache cache(default_cache_folder(), key);
    std::optional<TokenData> kept;
    const auto is_kept = [&] { return (kept = cache.find(tokenizer, request.tokenizer_options)).has_value(); };
    if (!key.empty() && is_kept()) return std::move(*kept);
    const TextCorpus corpus = dataset.load(request);
    const bool keep = !key.empty() && corpus.train->bytes() + corpus.validation->bytes() >= smallest_kept_text;
    const auto is_changed = [&] { return !key.empty() && cache_key(request, dataset, tokenizer) != key; };
    if (!keep)
        return of_one_text(corpus, is_changed, [&] {
            CorpusEncoder encoder(request, tokenizer, corpus);
            return in_memory(encoder);
        });
    cache.make(
        [&](const std::filesystem::path& validation_file, TokenCache::PartWriter& train,
            TokenCache::PartWriter& validation) {
            return of_one_text(corpus, is_changed, [&] {
                CorpusEncoder encoder(request, tokenizer, corpus);
                TokenData data = encoder.encode([&](const TokenSequence& piece) { train.append(piece); },
                                                [&](const TokenSequence& piece) { validation.append(piece); });
                train.finish();
                validation.finish();
                encoder.measure(data, TokenSequence::map(validation_file, encoder.tokenizer().vocabulary_size()));
                return data;
            });
        },
        request.is_cancelled, is_kept);
    if (kept || is_kept()) return std::move(*kept);
    throw WorkError("the tokens of " + corpus.source_description + " were damaged while they were kept");
}

}  // namespace

void DataRequest::report(const std::string& activity, std::int64_t done, std::int64_t all) const {
    if (is_cancelled && is_cancelled()) throw LoadingStopped();
    const double fraction = static_cast<double>(done) / static_cast<double>(std::max<std::int64_t>(1, all));
    if (progress) progress(activity, std::min(1.0, fraction));
}

std::vector<KnownDataset> known_datasets() {
    std::vector<KnownDataset> all;
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all()) {
        if (!dataset.names)
            all.push_back({{dataset.id, dataset.title, dataset.summary}, &dataset});
        else
            for (DatasetName& name : dataset.names()) all.push_back({std::move(name), &dataset});
    }
    return all;
}

TextCorpus load_text_corpus(const DataRequest& request) { return find_dataset(request).load(request); }

const TokenizerDescriptor& find_tokenizer(std::string_view id) {
    if (const TokenizerDescriptor* tokenizer = TokenizerRegistry::find(id)) return *tokenizer;
    std::string list;
    for (const TokenizerDescriptor& tokenizer : TokenizerRegistry::all())
        list += (list.empty() ? "" : ", ") + tokenizer.id;
    throw InputError("there is no tokenizer '" + std::string(id) + "'; allowed are " + list);
}

TokenData load_token_data(const DataRequest& request, std::int64_t context) {
    TokenData data = load(request);
    require_length("training", data.train, context, data.source_description);
    require_length("validation", data.validation, context, data.source_description);
    return data;
}

std::optional<TokenData> cached_token_data(const DataRequest& request) {
    const TokenizerDescriptor& tokenizer = find_tokenizer(request.tokenizer);
    const std::string key = cache_key(request, find_dataset(request), tokenizer);
    if (key.empty()) return std::nullopt;
    return TokenCache(default_cache_folder(), key).find(tokenizer, request.tokenizer_options);
}

TokenSequence encode_text(const Tokenizer& tokenizer, const TextSource& text) {
    TokenSequence tokens(tokenizer.vocabulary_size());
    try {
        encode_pieces(tokenizer, text, nullptr, [&](const TokenSequence& piece) { append(tokens, piece); });
    } catch (const NoPlaceToCut&) {
        throw;
    } catch (const InputError&) {
        (void)tokenizer.encode(read_all(text));  // says it with places in the whole text
        throw;
    }
    tokens.shrink_to_fit();
    return tokens;
}

std::vector<std::int64_t> evaluation_starts(std::int64_t tokens, std::int64_t context, std::int64_t windows) {
    if (windows < 1)
        throw InputError("the number of evaluation windows is " + std::to_string(windows) + "; it must be at least 1");
    const std::int64_t last = tokens - context - 1;
    if (context < 1 || last < 0)
        throw InputError("the text to evaluate has " + std::to_string(tokens) + " tokens; a context of " +
                         std::to_string(context) + " needs at least " + std::to_string(context + 1));
    std::vector<std::int64_t> starts(static_cast<std::size_t>(windows), 0);
    // i·last/(windows − 1) without the product, which could overflow for a huge text.
    for (std::int64_t i = 1; i < windows; ++i) {
        const std::int64_t steps = windows - 1;
        starts[static_cast<std::size_t>(i)] = i * (last / steps) + i * (last % steps) / steps;
    }
    return starts;
}

}  // namespace wavlab
