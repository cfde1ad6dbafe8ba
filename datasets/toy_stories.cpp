// SPDX-License-Identifier: GPL-3.0-or-later
// `toy-stories`: the built-in corpus of small stories, whose exact probability is known.

#include "datasets/toy_stories.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "core/error.h"
#include "core/registry.h"
#include "core/translatable.h"
#include "datasets/dataset.h"
#include "datasets/validation_file.h"

namespace wavlab {

namespace {

constexpr std::int64_t minimum_size = 1'000;
constexpr std::int64_t maximum_size = 1'000'000'000;

}  // namespace

const StoryGrammar& toy_stories() {
    static const StoryGrammar grammar(toy_story_grammar());
    return grammar;
}

ToyStoryCorpus generate_toy_stories(std::int64_t size, std::uint64_t seed) {
    constexpr std::size_t longest_story = 4096;
    ToyStoryCorpus corpus;
    corpus.text.reserve(static_cast<std::size_t>(size) + longest_story);
    SplitMix64 random(seed);
    do {
        corpus.log_probability.push_back(toy_stories().generate(random, corpus.text));
        corpus.story_ends.push_back(static_cast<std::int64_t>(corpus.text.size()));
    } while (corpus.story_ends.back() < size || corpus.story_ends.size() < 2);
    return corpus;
}

std::int64_t toy_story_split(const ToyStoryCorpus& corpus) {
    const std::vector<std::int64_t>& ends = corpus.story_ends;
    if (ends.size() < 2) return static_cast<std::int64_t>(ends.size());
    const auto tenfold_distance = [&](std::int64_t end) { return std::abs(10 * end - 9 * ends.back()); };
    const auto nearest = std::min_element(ends.begin(), ends.end() - 1, [&](std::int64_t a, std::int64_t b) {
        return tenfold_distance(a) < tenfold_distance(b);
    });
    return nearest - ends.begin() + 1;
}

namespace {

bool accepts(const std::string& dataset) { return dataset == "toy-stories"; }

TextCorpus load(const DataRequest& request) {
    if (request.size < minimum_size || request.size > maximum_size)
        throw InputError("the size of toy-stories is " + std::to_string(request.size) + "; allowed are " +
                         std::to_string(minimum_size) + " to " + std::to_string(maximum_size) + " bytes");
    ToyStoryCorpus stories = generate_toy_stories(request.size, request.seed);
    TextCorpus corpus;
    corpus.source_description = "toy-stories, size " + std::to_string(request.size) + " (" +
                                std::to_string(stories.text.size()) + " bytes), seed " + std::to_string(request.seed);
    if (!request.validation.empty()) {
        corpus.train = std::make_shared<MemoryText>(std::move(stories.text));
        use_validation_file(request, corpus);
        return corpus;
    }
    const std::int64_t training = toy_story_split(stories);
    const auto cut = static_cast<std::size_t>(stories.story_ends[static_cast<std::size_t>(training) - 1]);
    const std::size_t validation_bytes = stories.text.size() - cut;
    corpus.validation = std::make_shared<MemoryText>(stories.text.substr(cut));
    stories.text.resize(cut);
    corpus.train = std::make_shared<MemoryText>(std::move(stories.text));
    const double log_probability =
        std::accumulate(stories.log_probability.begin() + training, stories.log_probability.end(), 0.0);
    // ASCII: one byte a character.
    corpus.validation_floor = -log_probability / static_cast<double>(validation_bytes);
    return corpus;
}

std::vector<Option> options() {
    Option size;
    size.key = "size";
    size.label = WAVLAB_TEXT("Size");
    size.default_value = DataRequest().size;
    size.help = WAVLAB_TEXT("Length of the generated text; it ends with the story in which this length is reached.");
    size.unit = WAVLAB_TEXT("bytes");
    size.minimum = minimum_size;
    size.maximum = maximum_size;
    Option seed;
    seed.key = "seed";
    seed.label = WAVLAB_TEXT("Text seed");
    seed.default_value = static_cast<std::int64_t>(DataRequest().seed);
    seed.help = WAVLAB_TEXT("Chooses the stories. The experiment's own seed never changes them.");
    seed.minimum = 0;
    return {size, seed};
}

const Registration<DatasetDescriptor> registration{{
    .id = "toy-stories",
    .title = WAVLAB_TEXT("Toy stories (built in)"),
    .summary =
        WAVLAB_TEXT("Small generated stories with characters, places and things that return. No download; the exact "
                    "lowest loss is known."),
    .licence = "GPL-3.0-or-later, as WAV Lab itself",
    .citation = "",
    .order = 0,
    .options = options(),
    .accepts = accepts,
    .load = load,
}};

}  // namespace

}  // namespace wavlab
