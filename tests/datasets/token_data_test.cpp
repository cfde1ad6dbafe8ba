// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/token_data.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/registry.h"
#include "core/sha256.h"
#include "datasets/text.h"
#include "tests/datasets/small_gpt2_files.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FileDataset : public testing::Test {
protected:
    DataRequest request_for(std::string_view bytes) {
        folder_.write("text.txt", bytes);
        DataRequest request;
        request.dataset = "file:text.txt";
        request.base_folder = folder_.path();
        return request;
    }
    static std::string error_of(const DataRequest& request, std::int64_t context) {
        try {
            load_token_data(request, context);
        } catch (const InputError& error) {
            return error.what();
        }
        return "no error";
    }

    TemporaryFolder folder_;
};

TEST_F(FileDataset, NineTenthsOfTheCharacters) {
    const TextCorpus corpus = load_text_corpus(request_for("éééééééé€\nX"));  // 11 characters
    EXPECT_EQ(read_all(*corpus.train), "éééééééé€");
    EXPECT_EQ(read_all(*corpus.validation), "\nX");
    EXPECT_FALSE(corpus.validation_floor);
    for (int length = 1; length < 45; ++length) {
        std::string text;
        for (int i = 0; i < length; ++i) text += "€";
        const TextCorpus parts = load_text_corpus(request_for(text));
        EXPECT_EQ(count_characters(read_all(*parts.train)), length * 9 / 10);
        EXPECT_EQ(read_all(*parts.train) + read_all(*parts.validation), text);
    }
}

TEST_F(FileDataset, NormalisedBeforeItIsCut) {
    const TextCorpus corpus =
        load_text_corpus(request_for("\xEF\xBB\xBF"
                                     "12345\r\n789\xFF"));
    EXPECT_EQ(read_all(*corpus.train), "12345\n789");
    EXPECT_EQ(read_all(*corpus.validation), "\uFFFD");
    EXPECT_THAT(corpus.source_description, AllOf(HasSubstr("text.txt' (14 bytes"), HasSubstr("in 1 place")));
}

TEST_F(FileDataset, TokensOfBothParts) {
    const TokenData data = load_token_data(request_for("abababababababababac"), 1);
    EXPECT_EQ(data.tokenizer->vocabulary(), nlohmann::json::parse("[97, 98, 99]"));
    EXPECT_EQ(data.train.size(), 18);
    EXPECT_THAT(data.validation.slice(0, 2), ElementsAre(0, 2));
    EXPECT_NEAR(data.unigram_entropy, std::log(2.0), 1e-12);
    EXPECT_EQ(data.sha256, sha256_hex(std::string("ababababababababab\0ac", 21)));
    EXPECT_FALSE(data.validation_floor);
}

TEST_F(FileDataset, ValidationFile) {
    DataRequest request = request_for("abcdefghij");
    folder_.write("sub/other.txt", "xyz\r\n");
    for (const std::string& name : {std::string("sub/other.txt"), std::string("file:sub/other.txt"),
                                    (folder_.path() / "sub/other.txt").string()}) {
        request.validation = name;
        const TokenData data = load_token_data(request, 3);
        EXPECT_EQ(data.train.size(), 10);
        EXPECT_EQ(data.validation.size(), 4);
        EXPECT_EQ(data.tokenizer->vocabulary_size(), 14);
        EXPECT_THAT(data.source_description, AllOf(HasSubstr("text.txt"), HasSubstr("other.txt")));
    }
    request.validation = "missing.txt";
    EXPECT_THAT(error_of(request, 3), HasSubstr("missing.txt' does not exist"));
    request.validation = "sub";
    EXPECT_THAT(error_of(request, 3), HasSubstr("is a folder"));
    folder_.write("empty.txt", "");
    request.validation = "empty.txt";
    EXPECT_THAT(error_of(request, 3), HasSubstr("empty.txt' is empty"));
}

TEST_F(FileDataset, TooShortForTheContext) {
    EXPECT_THAT(error_of(request_for("x"), 128),
                AllOf(HasSubstr("training part"), HasSubstr("has 0 tokens"), HasSubstr("at least 129")));
    EXPECT_THAT(error_of(request_for(std::string(1280, 'x')), 128),
                AllOf(HasSubstr("validation part"), HasSubstr("has 128 tokens"), HasSubstr("at least 129")));
    EXPECT_EQ(load_token_data(request_for(std::string(1290, 'x')), 128).validation.size(), 129);
    EXPECT_EQ(load_token_data(request_for("xy"), 0).train.size(), 1);
}

TEST_F(FileDataset, OddInputIsOneClearError) {
    DataRequest request = request_for("");
    EXPECT_THAT(error_of(request, 8), HasSubstr("text.txt' is empty"));
    request.dataset = "file:";
    EXPECT_THAT(error_of(request, 8), HasSubstr("names no file"));
    request.dataset = "file:.";
    EXPECT_THAT(error_of(request, 8), HasSubstr("is a folder"));
    request.dataset = "file:none.txt";
    EXPECT_THAT(error_of(request, 8), HasSubstr("none.txt' does not exist"));
    request.dataset = "tiny-tales";
    EXPECT_THAT(error_of(request, 8), AllOf(HasSubstr("no dataset 'tiny-tales'"), HasSubstr("toy-stories")));
    request.dataset = "";
    EXPECT_THAT(error_of(request, 8), HasSubstr("no dataset ''"));
    request.dataset = "toy-stories";
    request.tokenizer = "words";
    EXPECT_THAT(error_of(request, 8), HasSubstr("no tokenizer 'words'"));
}

TEST_F(FileDataset, AbsolutePathsAndNoBaseFolder) {
    DataRequest request = request_for("0123456789");
    request.dataset = "file:" + (folder_.path() / "text.txt").string();
    EXPECT_EQ(read_all(*load_text_corpus(request).train), "012345678");
    request.base_folder.clear();
    EXPECT_EQ(read_all(*load_text_corpus(request).train), "012345678");
}

TEST_F(FileDataset, ManyCharactersTakeTwoBytesAToken) {
    std::string text;
    for (char32_t i = 0; i < 3000; ++i) append_utf8(0x4E00 + i % 300, text);
    const TokenData data = load_token_data(request_for(text), 16);
    EXPECT_EQ(data.tokenizer->vocabulary_size(), 300);
    EXPECT_EQ(data.train.bytes(), 2 * 2700);
    EXPECT_EQ(data.train[299], 299);
}

TEST(TokenData, ToyStoriesAreTheDefault) {
    const TokenData data = load_token_data({}, 128);
    EXPECT_GT(data.train.size(), 1'790'000);
    EXPECT_GT(data.validation.size(), 190'000);
    EXPECT_EQ(data.train.bytes(), data.train.size());
    ASSERT_TRUE(data.validation_floor);
    EXPECT_NEAR(*data.validation_floor, *load_text_corpus({}).validation_floor, 1e-12);
    EXPECT_GT(data.unigram_entropy, 2.7);
    EXPECT_LT(data.unigram_entropy, 3.1);
    EXPECT_EQ(data.sha256.size(), 64U);
    EXPECT_EQ(data.sha256, load_token_data({}, 128).sha256);
}

TEST(TokenData, UnigramEntropy) {
    TokenSequence tokens(4);
    EXPECT_EQ(unigram_entropy(tokens, 4), 0.0);
    tokens.append(std::vector<std::int32_t>{0, 0, 0, 0});
    EXPECT_EQ(unigram_entropy(tokens, 4), 0.0);
    tokens.append(std::vector<std::int32_t>{1, 1, 2, 3});
    EXPECT_NEAR(unigram_entropy(tokens, 4), 0.5 * std::log(2.0) + 0.25 * std::log(4.0) + 0.25 * std::log(8.0), 1e-12);
}

TEST(EvaluationStarts, AreSpreadOverTheText) {
    EXPECT_THAT(evaluation_starts(100, 9, 4), ElementsAre(0, 30, 60, 90));
    EXPECT_THAT(evaluation_starts(101, 9, 4), ElementsAre(0, 30, 60, 91));
    EXPECT_THAT(evaluation_starts(100, 9, 1), ElementsAre(0));
    EXPECT_THAT(evaluation_starts(10, 9, 3), ElementsAre(0, 0, 0));
    EXPECT_THAT(evaluation_starts(12, 9, 5), ElementsAre(0, 0, 1, 1, 2));  // they overlap
    for (const std::int64_t tokens : {200, 1000, 123457})
        for (const std::int64_t windows : {2, 7, 64}) {
            const std::vector<std::int64_t> starts = evaluation_starts(tokens, 128, windows);
            ASSERT_EQ(static_cast<std::int64_t>(starts.size()), windows);
            for (std::int64_t i = 0; i < windows; ++i)
                EXPECT_EQ(starts[static_cast<std::size_t>(i)], i * (tokens - 129) / (windows - 1));
        }
    EXPECT_EQ(evaluation_starts(INT64_MAX, 1, 3).back(), INT64_MAX - 2);
}

TEST(EvaluationStarts, ImpossibleRequests) {
    EXPECT_THROW(evaluation_starts(9, 9, 2), InputError);
    EXPECT_THROW(evaluation_starts(0, 1, 1), InputError);
    EXPECT_THROW(evaluation_starts(100, 0, 1), InputError);
    EXPECT_THROW(evaluation_starts(100, 9, 0), InputError);
    EXPECT_THROW(evaluation_starts(100, 9, -3), InputError);
}

TEST(Datasets, EachIsDescribed) {
    EXPECT_GE(Registry<DatasetDescriptor>::all().size(), 2U);
    for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all()) {
        EXPECT_FALSE(dataset.title.empty()) << dataset.id;
        EXPECT_FALSE(dataset.summary.empty()) << dataset.id;
        EXPECT_FALSE(dataset.licence.empty()) << dataset.id;
        ASSERT_TRUE(dataset.accepts) << dataset.id;
        ASSERT_TRUE(dataset.load) << dataset.id;
    }
    for (const std::string name : {"toy-stories", "file:x"}) {
        int accepting = 0;
        for (const DatasetDescriptor& dataset : Registry<DatasetDescriptor>::all()) accepting += dataset.accepts(name);
        EXPECT_EQ(accepting, 1) << name;
    }
}

TEST_F(FileDataset, ATextWithoutTheEndOfAWordIsRefusedBeforeItTakesAllMemory) {
    setenv("WAVLAB_CACHE", (folder_.path() / "cache").c_str(), 1);
    const SmallGpt2Files files;
    for (const char character : {'a', ' '}) {
        DataRequest request = request_for(std::string(std::size_t{40} << 20, character));
        request.tokenizer = "gpt2-bpe";
        request.tokenizer_options = {{"vocabulary_file", files.vocabulary.string()},
                                     {"merges_file", files.merges.string()}};
        EXPECT_THAT(error_of(request, 16), HasSubstr("without the end of a word"));
        const auto tokenizer = find_tokenizer("gpt2-bpe").build({}, request.tokenizer_options);
        EXPECT_THROW(encode_text(*tokenizer, FileText(folder_.path() / "text.txt")), InputError);
    }
    unsetenv("WAVLAB_CACHE");
}

TEST_F(FileDataset, AMissingFileOfTheTokenizerIsNamedByItsOption) {
    DataRequest request = request_for("abcdefghijklmnop");
    request.tokenizer = "gpt2-bpe";
    request.tokenizer_options = {{"vocabulary_file", std::string("/no/such.json")}};
    EXPECT_THAT(error_of(request, 1), HasSubstr("the file of data.vocabulary_file '/no/such.json' does not exist"));
}

TEST(ToyStoriesFloor, OnlyWhereTheTokensAreTheText) {
    DataRequest request;
    request.size = 20'000;
    EXPECT_TRUE(load_token_data(request, 16).validation_floor);
    request.tokenizer_options = {{"lower_case", true}};
    EXPECT_FALSE(load_token_data(request, 16).validation_floor);
}

}  // namespace
}  // namespace wavlab
