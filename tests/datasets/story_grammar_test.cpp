// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/story_grammar.h"

#include <cmath>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace wavlab {
namespace {

// Two people, one of whom does what the column of the other's row says.
const char* const small_grammar = R"(:start
3|<who=person> met <other=person/who>.<mood>
1|<who=person>[other=who] sat.<*other.end>
:mood
|
1| {^other.pronoun} did.<*who.end>
:person pronoun end
2|Ann|she|short
1|Bob|he|long
1|Cy|he|short
:short
| End.
:long
1| The end.
3| The very end.\n
)";

double probability(const StoryGrammar& grammar, std::string_view text) {
    const std::vector<StoryDerivation> found = grammar.parse(text);
    return found.size() == 1 ? std::exp(found[0].log_probability) : -static_cast<double>(found.size());
}

TEST(SplitMix64, IsTheReferenceGenerator) {
    // First numbers of the authors' C code (prng.di.unimi.it/splitmix64.c) from the state 1234567.
    SplitMix64 random(1234567);
    EXPECT_EQ(random.next(), 6457827717110365317ULL);
    EXPECT_EQ(random.next(), 3203168211198807973ULL);
    EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

TEST(SplitMix64, BelowIsUniform) {
    SplitMix64 random(3);
    std::vector<int> counts(7, 0);
    for (int i = 0; i < 70'000; ++i) ++counts.at(random.below(7));
    for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0U);
    for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(0xFFFFFFFFU), 0xFFFFFFFFU);
}

TEST(StoryGrammar, ProbabilitiesAreThoseWorkedOutByHand) {
    const StoryGrammar grammar(small_grammar);
    EXPECT_NEAR(probability(grammar, "Ann met Bob."), 0.75 * 0.5 * 0.5 * 0.5, 1e-12);
    // Without Bob the weights are 2 and 1.
    EXPECT_NEAR(probability(grammar, "Bob met Ann."), 0.75 * 0.25 * (2.0 / 3.0) * 0.5, 1e-12);
    EXPECT_NEAR(probability(grammar, "Bob met Ann. She did. The very end.\n"), 0.75 * 0.25 * (2.0 / 3.0) * 0.5 * 0.75,
                1e-12);
    EXPECT_NEAR(probability(grammar, "Cy sat. End."), 0.25 * 0.25, 1e-12);
    EXPECT_NEAR(probability(grammar, "Bob sat. The end."), 0.25 * 0.25 * 0.25, 1e-12);
}

TEST(StoryGrammar, WhatItCannotSayHasNoDerivation) {
    const StoryGrammar grammar(small_grammar);
    for (const char* text : {"", "Ann", "Ann met Ann.", "Ann met Bob. She did. End.", "Ann met Bob. He did. The end.",
                             "Ann met Bob. ", "Cy sat. The end.", " Cy sat. End."})
        EXPECT_TRUE(grammar.parse(text).empty()) << text;
}

TEST(StoryGrammar, ProbabilitiesOfAllTextsSumToOneAndMatchFrequencies) {
    const StoryGrammar grammar(small_grammar);
    SplitMix64 random(11);
    std::map<std::string, int> counts;
    constexpr int rounds = 100'000;
    for (int i = 0; i < rounds; ++i) {
        std::string text;
        grammar.generate(random, text);
        ++counts[text];
    }
    double sum = 0.0;
    for (const auto& [text, count] : counts) {
        const double expected = probability(grammar, text);
        sum += expected;
        EXPECT_NEAR(count, expected * rounds, 5.0 * std::sqrt(expected * rounds)) << text;
    }
    EXPECT_NEAR(sum, 1.0, 1e-12);
}

TEST(StoryGrammar, SecondDerivationIsFound) {
    const StoryGrammar grammar(":start\n|<a><b>\n:a\n|\n|x\n:b\n|x\n|xx\n");
    EXPECT_EQ(grammar.parse("xx").size(), 2U);
    EXPECT_EQ(grammar.parse("xx", 1).size(), 1U);
    EXPECT_EQ(grammar.parse("x").size(), 1U);
}

TEST(StoryGrammar, TwoExclusionsOfTheSameWordCountOnce) {
    const StoryGrammar grammar(":start\n|<a=w>[b=a]<w/a/b>\n:w\n1|x\n2|y\n1|z\n");
    EXPECT_NEAR(probability(grammar, "xy"), 0.25 * (2.0 / 3.0), 1e-12);
    EXPECT_TRUE(grammar.parse("xx").empty());
}

TEST(StoryGrammar, GenerateParseAndRenderAgree) {
    const StoryGrammar grammar(small_grammar);
    SplitMix64 random(5);
    for (int i = 0; i < 200; ++i) {
        std::string text;
        std::vector<StoryChoice> choices;
        const double log_probability = grammar.generate(random, text, &choices);
        EXPECT_EQ(grammar.render(choices), text);
        EXPECT_DOUBLE_EQ(grammar.log_probability(choices), log_probability);
        const std::vector<StoryDerivation> found = grammar.parse(text);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].choices, choices);
    }
}

TEST(StoryGrammar, ChoicesThatMakeNoStory) {
    const StoryGrammar grammar(small_grammar);
    std::vector<StoryChoice> choices = grammar.parse("Ann met Bob.").at(0).choices;
    const std::vector<StoryChoice> good = choices;
    choices.pop_back();
    EXPECT_THROW(grammar.render(choices), InputError);
    choices = good;
    choices.push_back(good[0]);
    EXPECT_THROW(grammar.log_probability(choices), InputError);
    choices = good;
    choices[2] = choices[1];  // Ann met Ann
    EXPECT_THROW(grammar.render(choices), InputError);
    choices = good;
    choices[0].alternative = 99;
    EXPECT_THROW(grammar.render(choices), InputError);
    choices[0].alternative = -1;
    EXPECT_THROW(grammar.render(choices), InputError);
    EXPECT_THROW(grammar.render({}), InputError);
}

TEST(StoryGrammar, MistakesInAGrammarAreRefused) {
    for (const char* source :
         {"", "# nothing\n", "|text\n", ":a\n", ":a\nno bar\n", ":a\n0|x\n", ":a\n-1|x\n", ":a\nx|y\n", ":a\n|<b>\n",
          ":a\n|<b\n", ":a\n|{b\n", ":a\n|[b\n", ":a\n|[b]\n", ":a\n|x\n:a\n|y\n", ":a col\n|x\n", ":a\n|x|y\n"})
        EXPECT_THROW(StoryGrammar{source}, WorkError) << source;
    SplitMix64 random(1);
    std::string text;
    for (const char* source : {":a\n|{b}\n", ":a\n|<b=w>{b.none}\n:w\n|x\n", ":a\n|<b=w><*b.col>\n:w col\n|x|none\n"})
        EXPECT_THROW(StoryGrammar{source}.generate(random, text), WorkError) << source;
}

}  // namespace
}  // namespace wavlab
