// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/sample_prompts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "datasets/char_tokenizer.h"
#include "datasets/token_data.h"
#include "model/sampler.h"
#include "tests/model/conformance_cases.h"

namespace wavlab {
namespace {

std::vector<std::string> prompts_of(const std::string& text) {
    const CharTokenizer tokenizer = CharTokenizer::from_text(text);
    TokenSequence tokens(tokenizer.vocabulary_size());
    tokenizer.encode_into(text, tokens);
    return sample_prompts(tokens, tokenizer);
}

TEST(SamplePrompts, AreFirstWordsAtFixedPlaces) {
    std::string text = "The first words of this text are these. ";
    text += std::string(500, 'x') + "\n\nA paragraph that begins somewhere in the middle. " + std::string(500, 'y') +
            "\n\nAnd another one which comes near to the end of it. " + std::string(400, 'z');
    EXPECT_EQ(prompts_of(text), (std::vector<std::string>{"The first words of this text are", "A paragraph that begins",
                                                          "And another one which comes near"}));
}

TEST(SamplePrompts, TakeALineOrAWordWhereThereIsNoParagraph) {
    std::string text = "one two three four five six seven eight nine ten ";
    for (int i = 0; i < 6; ++i) text += text;
    for (const std::string& prompt : prompts_of(text)) {
        EXPECT_GE(prompt.size(), 8U);
        EXPECT_LE(prompt.size(), 32U);
        EXPECT_NE(prompt.front(), ' ');
        EXPECT_NE(prompt.back(), ' ');
    }
    EXPECT_EQ(prompts_of("Good day.\nAnother line follows.\n")[0], "Good day.");
}

TEST(SamplePrompts, AreWholeCharacters) {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "\xE2\x98\x83\xC3\xA9";
    for (const std::string& prompt : prompts_of(text)) EXPECT_EQ(prompts_of(prompt)[0], prompt);
}

TEST(SamplePrompts, AreFewerOfAShortText) {
    EXPECT_EQ(prompts_of("a"), (std::vector<std::string>{"a"}));
    EXPECT_EQ(prompts_of("aaaaaaaaa"), (std::vector<std::string>{"aaaaaaaaa", "aaaaaa", "aaa"}));
    EXPECT_EQ(prompts_of("\n\n\n"), (std::vector<std::string>{"\n\n\n", "\n\n", "\n"}));
}

TEST(DrawTexts, GivesEachPromptWhatItGetsAlone) {
    const std::string alphabet = "abcdefghijk";
    const CharTokenizer tokenizer = CharTokenizer::from_text(alphabet);
    for (const char* method : {"standard", "wav"}) {
        const Decoder decoder(testing::tiny_experiment(method), testing::tiny_vocabulary, testing::double_options());
        testing::scramble(decoder, 5);
        SampleSettings settings;
        settings.tokens = 20;  // beyond the context of 8
        settings.temperature = 0;
        const std::vector<std::string> prompts{"abc", "kj", "abcdefghijk"};
        const std::vector<std::string> together = draw_texts(decoder, tokenizer, prompts, settings, nullptr);
        for (std::size_t i = 0; i < prompts.size(); ++i)
            EXPECT_EQ(together[i], draw_texts(decoder, tokenizer, {prompts[i]}, settings, nullptr)[0]) << method << i;
        settings.temperature = 1;
        const std::vector<std::string> twins = draw_texts(decoder, tokenizer, {"abc", "abc"}, settings, nullptr);
        EXPECT_NE(twins[0], twins[1]) << "random numbers of their own";
    }
}

}  // namespace
}  // namespace wavlab
