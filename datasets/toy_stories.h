// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/story_grammar.h"

namespace wavlab {

/// The rules and words of the built-in stories (notation: docs/toy-stories.md).
std::string toy_story_grammar();

/// The compiled grammar of the built-in stories.
const StoryGrammar& toy_stories();

/// Whole stories, one after the other, each ending with a blank line, and what their probabilities are.
struct ToyStoryCorpus {
    std::string text;                      ///< ASCII
    std::vector<std::int64_t> story_ends;  ///< byte offsets, ascending; the last is the length of the text
    std::vector<double> log_probability;   ///< of each story, natural logarithm
};

/// Stories from a seed until there are at least `size` bytes and two stories. A larger size with the same seed goes on
/// where a smaller one ended.
ToyStoryCorpus generate_toy_stories(std::int64_t size, std::uint64_t seed);

/// How many stories are for training: the cut is the end of a story nearest to nine tenths of the text, and each
/// side keeps at least one story where there are two.
std::int64_t toy_story_split(const ToyStoryCorpus& corpus);

}  // namespace wavlab
