// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/toy_stories.h"

#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/registry.h"
#include "core/sha256.h"
#include "datasets/token_data.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {
namespace {

using testing::HasSubstr;

const ToyStoryCorpus& default_corpus() {
    static const ToyStoryCorpus corpus = generate_toy_stories(DataRequest().size, DataRequest().seed);
    return corpus;
}

/// The stories of a text, cut at blank lines; what is left over after the last one is a story too.
std::vector<std::string_view> stories_of(std::string_view text) {
    std::vector<std::string_view> stories;
    while (!text.empty()) {
        const std::size_t end = text.find("\n\n");
        stories.push_back(text.substr(0, end == std::string_view::npos ? end : end + 2));
        text.remove_prefix(stories.back().size());
    }
    return stories;
}

TEST(ToyStories, TextIsTheSameEverywhere) {
    EXPECT_EQ(sha256_hex(default_corpus().text), "da3aab268432bfdaaede1d3b9af369eb92d3a41b57e6c5d6c89fc097d4b90301");
}

TEST(ToyStories, SizeIsReachedWithinOneStory) {
    for (const std::int64_t size : {std::int64_t{20'000}, std::int64_t{123'456}, DataRequest().size}) {
        const ToyStoryCorpus corpus = generate_toy_stories(size, 1);
        EXPECT_EQ(corpus.story_ends.back(), static_cast<std::int64_t>(corpus.text.size()));
        EXPECT_GE(corpus.story_ends.back(), size);
        EXPECT_LT(corpus.story_ends.at(corpus.story_ends.size() - 2), size);
        EXPECT_TRUE(default_corpus().text.starts_with(corpus.text));
    }
}

TEST(ToyStories, SmallestCorpusHasBothParts) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        DataRequest request;
        request.size = 1000;
        request.seed = seed;
        const TextCorpus corpus = load_text_corpus(request);
        const std::string train_text = read_all(*corpus.train), validation_text = read_all(*corpus.validation);
        EXPECT_FALSE(train_text.empty());
        EXPECT_FALSE(validation_text.empty());
        EXPECT_GT(corpus.validation_floor.value(), 0.05);
        EXPECT_LT(corpus.validation_floor.value(), 0.5);
    }
}

TEST(ToyStories, SeedChoosesTheText) {
    EXPECT_NE(generate_toy_stories(20'000, 1).text, generate_toy_stories(20'000, 2).text);
    EXPECT_EQ(generate_toy_stories(20'000, UINT64_MAX).text, generate_toy_stories(20'000, UINT64_MAX).text);
}

TEST(ToyStories, PlainPrintableText) {
    std::set<char> characters(default_corpus().text.begin(), default_corpus().text.end());
    for (const char character : characters)
        EXPECT_TRUE(character == '\n' || (character >= ' ' && character <= '~')) << static_cast<int>(character);
    EXPECT_EQ(default_corpus().text.find("  "), std::string::npos);
    for (const char* leftover : {"{", "}", "<", ">", "[", "]", "|", "_", " .", " ,"})
        EXPECT_EQ(default_corpus().text.find(leftover), std::string::npos) << leftover;
}

TEST(ToyStories, ArticlesFitTheirWords) {
    const std::string& text = default_corpus().text;
    for (const char vowel : {'a', 'e', 'i', 'o', 'u'})
        for (const char* article : {" a ", "\na ", " A "})
            EXPECT_EQ(text.find(std::string(article) + vowel), std::string::npos) << article << vowel;
}

TEST(ToyStories, AFewHundredWords) {
    std::set<std::string> words;
    std::string word;
    for (const char character : default_corpus().text) {
        const char lower = character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
        if (lower >= 'a' && lower <= 'z') {
            word += lower;
        } else {
            if (!word.empty()) words.insert(word);
            word.clear();
        }
    }
    EXPECT_GT(words.size(), 400U);
    EXPECT_LT(words.size(), 1000U);
}

// A text with exactly one derivation has exactly that derivation's probability.
TEST(ToyStories, EveryStoryHasExactlyOneDerivation) {
    const std::vector<std::string_view> stories = stories_of(default_corpus().text);
    ASSERT_EQ(stories.size(), default_corpus().log_probability.size());
    for (std::size_t i = 0; i < stories.size(); ++i) {
        const std::vector<StoryDerivation> found = toy_stories().parse(stories[i]);
        ASSERT_EQ(found.size(), 1U) << stories[i];
        ASSERT_EQ(toy_stories().render(found[0].choices), stories[i]);
        ASSERT_NEAR(found[0].log_probability, default_corpus().log_probability[i], 1e-9);
        ASSERT_NEAR(toy_stories().log_probability(found[0].choices), default_corpus().log_probability[i], 1e-9);
    }
}

TEST(ToyStories, StoriesOfOtherSeedsHaveOneDerivationToo) {
    for (const std::uint64_t seed : {2ULL, 77ULL, 123456789ULL}) {
        const ToyStoryCorpus corpus = generate_toy_stories(200'000, seed);
        for (const std::string_view story : stories_of(corpus.text))
            ASSERT_EQ(toy_stories().parse(story).size(), 1U) << story;
    }
}

TEST(ToyStories, ChangedStoriesHaveNoDerivation) {
    const std::string story(stories_of(default_corpus().text)[0]);
    EXPECT_TRUE(toy_stories().parse(story.substr(1)).empty());
    EXPECT_TRUE(toy_stories().parse(story + " ").empty());
    EXPECT_TRUE(toy_stories().parse(story + story).empty());
    EXPECT_TRUE(toy_stories().parse("").empty());
}

// The probabilities are those of the text: every alternative of a rule without exclusions comes as often as it should.
TEST(ToyStories, AlternativesComeAsOftenAsTheyShould) {
    const StoryGrammar& grammar = toy_stories();
    SplitMix64 random(99);
    std::vector<std::vector<std::int64_t>> counts(static_cast<std::size_t>(grammar.rule_count()));
    for (std::int32_t rule = 0; rule < grammar.rule_count(); ++rule)
        counts[static_cast<std::size_t>(rule)].resize(static_cast<std::size_t>(grammar.alternative_count(rule)));
    for (int story = 0; story < 20'000; ++story) {
        std::string text;
        std::vector<StoryChoice> choices;
        grammar.generate(random, text, &choices);
        for (const StoryChoice& choice : choices)
            ++counts[static_cast<std::size_t>(choice.rule)][static_cast<std::size_t>(choice.alternative)];
    }
    const std::set<std::string> chosen_freely{"opening",     "walked",      "scene", "meeting", "mood",
                                              "plot",        "second_plot", "aside", "manner",  "did",
                                              "aside_event", "said",        "ending"};
    for (std::int32_t rule = 0; rule < grammar.rule_count(); ++rule) {
        const std::vector<std::int64_t>& own = counts[static_cast<std::size_t>(rule)];
        double weights = 0.0;
        for (std::int32_t i = 0; i < grammar.alternative_count(rule); ++i) weights += grammar.weight(rule, i);
        const auto total = static_cast<double>(std::accumulate(own.begin(), own.end(), std::int64_t{0}));
        for (std::int32_t i = 0; i < grammar.alternative_count(rule); ++i) {
            const auto count = static_cast<double>(own[static_cast<std::size_t>(i)]);
            EXPECT_GT(count, 0.0) << grammar.rule_name(rule) << ", alternative " << i << " never comes";
            const double expected = total * grammar.weight(rule, i) / weights;
            if (chosen_freely.contains(grammar.rule_name(rule))) {
                EXPECT_NEAR(count, expected, 5.0 * std::sqrt(expected)) << grammar.rule_name(rule) << " " << i;
            }
        }
    }
}

TEST(ToyStories, PartsAreWholeStories) {
    const TextCorpus corpus = load_text_corpus({});
    const std::string train_text = read_all(*corpus.train), validation_text = read_all(*corpus.validation);
    EXPECT_EQ(train_text + validation_text, default_corpus().text);
    EXPECT_TRUE(train_text.ends_with(".\n\n"));
    EXPECT_TRUE(validation_text.ends_with(".\n\n"));
    for (const std::string_view story : stories_of(validation_text))
        ASSERT_EQ(toy_stories().parse(story).size(), 1U) << story;
    const auto size = static_cast<double>(default_corpus().text.size());
    EXPECT_NEAR(static_cast<double>(train_text.size()), 0.9 * size, 1500.0);
}

TEST(ToyStories, SplitIsTheBoundaryNearestToNineTenths) {
    ToyStoryCorpus corpus;
    corpus.story_ends = {400, 840, 930, 1000};
    EXPECT_EQ(toy_story_split(corpus), 3);
    corpus.story_ends = {400, 880, 930, 1000};
    EXPECT_EQ(toy_story_split(corpus), 2);
    corpus.story_ends = {10, 1000};
    EXPECT_EQ(toy_story_split(corpus), 1);
    corpus.story_ends = {1000};
    EXPECT_EQ(toy_story_split(corpus), 1);
}

TEST(ToyStories, FloorIsTheSumOverTheChoicesOfTheValidationText) {
    const TextCorpus corpus = load_text_corpus({});
    const std::string validation_text = read_all(*corpus.validation);
    double sum = 0.0;
    for (const std::string_view story : stories_of(validation_text))
        sum -= toy_stories().log_probability(toy_stories().parse(story).at(0).choices);
    ASSERT_TRUE(corpus.validation_floor);
    EXPECT_NEAR(*corpus.validation_floor, sum / static_cast<double>(validation_text.size()), 1e-9);
    EXPECT_GT(*corpus.validation_floor, 0.18);
    EXPECT_LT(*corpus.validation_floor, 0.25);
}

TEST(ToyStories, StoriesOfBothPartsDiffer) {
    const TextCorpus corpus = load_text_corpus({});
    const std::string train_text = read_all(*corpus.train), validation_text = read_all(*corpus.validation);
    const std::vector<std::string_view> training = stories_of(train_text);
    const std::set<std::string_view> seen(training.begin(), training.end());
    for (const std::string_view story : stories_of(validation_text)) EXPECT_FALSE(seen.contains(story)) << story;
}

TEST(ToyStories, ImpossibleSizes) {
    for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-5}, std::int64_t{999}, INT64_MAX}) {
        DataRequest request;
        request.size = size;
        try {
            load_text_corpus(request);
            FAIL() << size;
        } catch (const InputError& error) {
            EXPECT_THAT(error.what(), AllOf(HasSubstr(std::to_string(size)), HasSubstr("1000 to 1000000000")));
        }
    }
}

TEST(ToyStories, ValidationFileTakesThePlaceOfTheLastTenth) {
    const TemporaryFolder folder;
    folder.write("other.txt", "Another text.\r\n");
    DataRequest request;
    request.validation = "other.txt";
    request.base_folder = folder.path();
    const TextCorpus corpus = load_text_corpus(request);
    const std::string train_text = read_all(*corpus.train), validation_text = read_all(*corpus.validation);
    EXPECT_EQ(train_text, default_corpus().text);
    EXPECT_EQ(validation_text, "Another text.\n");
    EXPECT_FALSE(corpus.validation_floor);
    EXPECT_THAT(corpus.source_description, AllOf(HasSubstr("toy-stories"), HasSubstr("other.txt")));
}

TEST(ToyStories, OptionsHaveTheDefaultsOfARequest) {
    const DatasetDescriptor* dataset = Registry<DatasetDescriptor>::find("toy-stories");
    ASSERT_TRUE(dataset);
    ASSERT_EQ(dataset->options.size(), 2U);
    EXPECT_EQ(std::get<std::int64_t>(dataset->options[0].default_value), DataRequest().size);
    EXPECT_EQ(std::get<std::int64_t>(dataset->options[1].default_value), static_cast<std::int64_t>(DataRequest().seed));
    EXPECT_TRUE(dataset->accepts("toy-stories"));
    EXPECT_FALSE(dataset->accepts("toy-stories-2"));
}

}  // namespace
}  // namespace wavlab
