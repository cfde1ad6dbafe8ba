// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string_view>

namespace wavlab {

/// Where the word that begins at byte `begin` of a text ends, begin < text.size(). Words are the matches of GPT-2's
/// pattern (github.com/openai/gpt-2, src/encoder.py), which cut a text without leaving anything out:
///   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// Invalid bytes are characters that are neither letters, numbers nor white space.
std::size_t gpt2_word_end(std::string_view text, std::size_t begin);

/// Whether the words before byte `place` of a text and those from there on are the words of the whole, whatever
/// follows the text: true only where white space, letters, numbers and other characters change, after none that could
/// belong to what follows. False at both ends.
bool is_gpt2_cut(std::string_view text, std::size_t place);

}  // namespace wavlab
