// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/sample_prompts.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "datasets/text.h"

namespace wavlab {

namespace {

constexpr std::int64_t most_prompts = 3;
/// How far a place may move to where something begins.
constexpr std::int64_t searched_tokens = 2000;
constexpr std::int64_t longest_prompt = 32;  ///< in characters
constexpr std::int64_t shortest_prompt = 8;

/// Where the next paragraph of a text begins, else the next line, else the next word, else the text.
std::size_t next_beginning(std::string_view text) {
    for (const std::string_view separator : {"\n\n", "\n", " "}) {
        const std::size_t found = text.find(separator);
        if (found == std::string_view::npos) continue;
        const std::size_t begin = text.find_first_not_of(" \n", found);
        // Near the end too little would be left for a prompt.
        if (begin != std::string_view::npos && count_characters(text.substr(begin)) >= longest_prompt) return begin;
    }
    return 0;
}

/// The first words of a text, and only its first line where that is long enough.
std::string first_words(std::string_view text) {
    const std::size_t end = character_offset(text, longest_prompt);
    const std::size_t shortest = character_offset(text, shortest_prompt);
    const std::string_view longest = text.substr(0, end);
    const std::size_t line = longest.find('\n', shortest);
    if (line != std::string_view::npos) return std::string(longest.substr(0, line));
    if (end == text.size() || text[end] == ' ' || text[end] == '\n') return std::string(longest);
    const std::size_t word = longest.rfind(' ');
    return std::string(word != std::string_view::npos && word >= shortest ? longest.substr(0, word) : longest);
}

}  // namespace

std::vector<std::string> sample_prompts(const TokenSequence& validation, const Tokenizer& tokenizer) {
    std::vector<std::string> prompts;
    for (std::int64_t i = 0; i < most_prompts; ++i) {
        const std::int64_t place = validation.size() / most_prompts * i;
        const std::int64_t length = std::min(searched_tokens, validation.size() - place);
        if (length <= 0) continue;
        const std::string text = tokenizer.decode(validation.slice(place, length));
        const std::string prompt = first_words(std::string_view(text).substr(i == 0 ? 0 : next_beginning(text)));
        if (!prompt.empty() && std::find(prompts.begin(), prompts.end(), prompt) == prompts.end())
            prompts.push_back(prompt);
    }
    return prompts;
}

}  // namespace wavlab
