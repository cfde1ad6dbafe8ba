// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/tokenizer.h"

namespace wavlab {

namespace {

constexpr std::int64_t byte_count = 256;

/// One token a byte. There is nothing to learn; the vocabulary says only that.
class ByteTokenizer final : public Tokenizer {
public:
    std::int64_t vocabulary_size() const override { return byte_count; }

    std::vector<std::int32_t> encode(std::string_view text) const override {
        std::vector<std::int32_t> tokens;
        append(text, tokens);
        return tokens;
    }

    void encode_into(std::string_view text, TokenSequence& tokens) const override {
        std::visit([&](auto& typed) { append(text, typed); }, tokens.storage());
    }

    std::string decode(std::span<const std::int32_t> tokens) const override {
        std::string text;
        text.reserve(tokens.size());
        for (const std::int32_t token : tokens) text += byte_of(token);
        return text;
    }

    std::string decode_token(std::int32_t token) const override { return std::string(1, byte_of(token)); }

    nlohmann::json vocabulary() const override { return {{"bytes", byte_count}}; }

private:
    template <class Token>
    static void append(std::string_view text, std::vector<Token>& tokens) {
        const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        tokens.insert(tokens.end(), bytes, bytes + text.size());
    }

    static char byte_of(std::int32_t token) {
        if (token < 0 || token >= byte_count)
            throw InputError("token " + std::to_string(token) + " is not in the vocabulary; allowed are 0 to 255");
        return static_cast<char>(token);
    }
};

std::unique_ptr<Tokenizer> build(const std::vector<const TextSource*>&, const OptionValues&) {
    return std::make_unique<ByteTokenizer>();
}

std::unique_ptr<Tokenizer> restore(const nlohmann::json& vocabulary, const OptionValues&) {
    if (vocabulary != ByteTokenizer().vocabulary())
        throw InputError("the stored vocabulary of bytes is not {\"bytes\":256}");
    return std::make_unique<ByteTokenizer>();
}

const Registration<TokenizerDescriptor> registration{{
    .id = "byte",
    .title = WAVLAB_TEXT("Bytes"),
    .summary = WAVLAB_TEXT("One token for each byte, 256 in all; any text can be told in them."),
    .order = 10,
    .build = build,
    .restore = restore,
}};

}  // namespace

}  // namespace wavlab
