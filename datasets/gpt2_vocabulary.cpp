// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/gpt2_vocabulary.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/error.h"
#include "datasets/text.h"

namespace wavlab {

namespace {

using nlohmann::json;

constexpr std::size_t most_tokens = std::size_t{1} << 22;
constexpr std::size_t most_bytes = std::size_t{1} << 26;  // of all tokens together
constexpr std::int32_t first_merged = 256;

struct ByteAlphabet {
    std::array<char32_t, 256> characters{};
    std::array<int, 512> bytes{};  // by character; -1: none
};

/// The bytes that print in Latin-1 are themselves, the others U+0100 and on (bytes_to_unicode in src/encoder.py).
const ByteAlphabet& byte_alphabet() {
    static const ByteAlphabet alphabet = [] {
        ByteAlphabet made;
        made.bytes.fill(-1);
        char32_t next = 0x100;
        for (unsigned byte = 0; byte < 256; ++byte) {
            const bool prints = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
            made.characters[byte] = prints ? byte : next++;
            made.bytes[made.characters[byte]] = static_cast<int>(byte);
        }
        return made;
    }();
    return alphabet;
}

InputError broken(const std::string& problem) { return InputError("the stored vocabulary of gpt2-bpe " + problem); }

std::vector<std::int32_t> token_list(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_array())
        throw broken(std::string("has no list '") + key + "'; it must hold 'bytes', 'merges' and 'others'");
    std::vector<std::int32_t> list;
    list.reserve(found->size());
    for (const json& entry : *found) {
        if (!entry.is_number_integer() || entry < 0 || entry >= most_tokens)
            throw broken(std::string("has an entry of '") + key + "' that is no token: " + entry.dump(-1, ' ', true));
        list.push_back(entry.get<std::int32_t>());
    }
    return list;
}

}  // namespace

std::string gpt2_byte_name(unsigned char byte) {
    std::string name;
    append_utf8(byte_alphabet().characters[byte], name);
    return name;
}

std::string gpt2_token_text(const std::string& name) {
    const ByteAlphabet& alphabet = byte_alphabet();
    std::string text;
    for (std::size_t i = 0; i < name.size();) {
        const DecodedCharacter character = decode_character(std::string_view(name).substr(i));
        const int byte = character.code_point < alphabet.bytes.size() ? alphabet.bytes[character.code_point] : -1;
        if (byte < 0) return name;
        text += static_cast<char>(byte);
        i += static_cast<std::size_t>(character.bytes);
    }
    return text;
}

std::vector<std::string> Gpt2Vocabulary::token_texts() const {
    std::vector<std::string> texts;
    std::vector<bool> known;
    std::size_t bytes_of_all = 0;
    const auto set = [&](std::int32_t token, std::string text) {
        const auto index = static_cast<std::size_t>(token);
        if (index >= texts.size()) {
            texts.resize(index + 1);
            known.resize(index + 1);
        }
        if (known[index] && texts[index] != text)
            throw broken("has two different tokens with the number " + std::to_string(token));
        known[index] = true;
        texts[index] = std::move(text);
    };
    const auto is_known = [&](std::int32_t token) {
        return static_cast<std::size_t>(token) < known.size() && known[static_cast<std::size_t>(token)];
    };
    for (unsigned byte = 0; byte < 256; ++byte) set(bytes[byte], std::string(1, static_cast<char>(byte)));
    std::set<std::pair<std::int32_t, std::int32_t>> pairs;
    for (const BytePairMerge& merge : merges) {
        if (!is_known(merge.left) || !is_known(merge.right))
            throw broken("has a merge of tokens " + std::to_string(merge.left) + " and " + std::to_string(merge.right) +
                         " before both are known");
        if (!pairs.emplace(merge.left, merge.right).second)
            throw broken("merges tokens " + std::to_string(merge.left) + " and " + std::to_string(merge.right) +
                         " twice");
        std::string text = texts[static_cast<std::size_t>(merge.left)];
        text += texts[static_cast<std::size_t>(merge.right)];
        bytes_of_all += text.size();
        if (bytes_of_all > most_bytes) throw broken("has tokens of more than 64 MiB together");
        set(merge.merged, std::move(text));
    }
    for (const auto& [name, token] : others) {
        if (is_known(token)) throw broken("has two different tokens with the number " + std::to_string(token));
        set(token, gpt2_token_text(name));
    }
    const auto hole = std::find(known.begin(), known.end(), false);
    if (hole != known.end()) throw broken("has no token " + std::to_string(hole - known.begin()));
    return texts;
}

json Gpt2Vocabulary::to_json() const {
    json pairs = json::array(), merged = json::array();
    bool in_order = true;
    for (const BytePairMerge& merge : merges) {
        in_order = in_order && merge.merged == first_merged + static_cast<std::int32_t>(merged.size());
        pairs.push_back(merge.left);
        pairs.push_back(merge.right);
        merged.push_back(merge.merged);
    }
    json result{{"bytes", bytes}, {"merges", std::move(pairs)}, {"others", json::object()}};
    for (const auto& [name, token] : others) result["others"][name] = token;
    if (!in_order) result["merged"] = std::move(merged);
    return result;
}

Gpt2Vocabulary Gpt2Vocabulary::from_json(const json& stored) {
    if (!stored.is_object()) throw broken("is not an object with 'bytes', 'merges' and 'others'");
    for (const auto& [key, value] : stored.items())
        if (key != "bytes" && key != "merges" && key != "merged" && key != "others")
            throw broken("has an unknown entry " + json(key).dump(-1, ' ', true));
    Gpt2Vocabulary result;
    const std::vector<std::int32_t> bytes = token_list(stored, "bytes");
    if (bytes.size() != result.bytes.size()) throw broken("has " + std::to_string(bytes.size()) + " bytes, not 256");
    std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
    const std::vector<std::int32_t> pairs = token_list(stored, "merges");
    const bool in_order = !stored.contains("merged");
    const std::vector<std::int32_t> merged = in_order ? std::vector<std::int32_t>() : token_list(stored, "merged");
    if (pairs.size() % 2 != 0 || pairs.size() / 2 > most_tokens || (!in_order && merged.size() != pairs.size() / 2))
        throw broken("has a list of merges that is not made of pairs with one result each");
    result.merges.reserve(pairs.size() / 2);
    for (std::size_t i = 0; i < pairs.size() / 2; ++i)
        result.merges.push_back(
            {pairs[2 * i], pairs[2 * i + 1], in_order ? first_merged + static_cast<std::int32_t>(i) : merged[i]});
    const auto others = stored.find("others");
    if (others == stored.end() || !others->is_object()) throw broken("has no object 'others'");
    for (const auto& [name, token] : others->items()) {
        if (name.empty() || !token.is_number_integer() || token < 0 || token >= most_tokens)
            throw broken("has an entry of 'others' that is no token: " + json(name).dump(-1, ' ', true));
        result.others.emplace(name, token.get<std::int32_t>());
    }
    (void)result.token_texts();  // throws what is wrong
    return result;
}

}  // namespace wavlab
