// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/gpt2_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <thread>

#include "core/error.h"
#include "core/safe_file.h"
#include "datasets/installed_dataset.h"
#include "datasets/tokenizer.h"
#include "tests/datasets/small_gpt2_files.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

template <class Action>
std::string error_of(Action action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

class Gpt2TokenizerTest : public testing::Test {
protected:
    std::string text(std::int32_t token) const { return tokenizer_.decode_token(token); }
    std::vector<std::string> parts(std::string_view utf8) const {
        std::vector<std::string> texts;
        for (const std::int32_t token : tokenizer_.encode(utf8)) texts.push_back(text(token));
        return texts;
    }

    SmallGpt2Files files_;
    Gpt2Tokenizer tokenizer_{read_gpt2_vocabulary(files_.vocabulary, files_.merges)};
};

TEST_F(Gpt2TokenizerTest, MergesWordsByRank) {
    EXPECT_EQ(tokenizer_.vocabulary_size(), 256 + 16 + 1);
    EXPECT_THAT(parts("the  thing and it's\n\n"),
                ElementsAre("the", " ", " ", "th", "ing", " and", " ", "i", "t", "'s", "\n\n"));
    EXPECT_THAT(parts("aaaaaaa"), ElementsAre("aaaa", "aa", "a"));
    EXPECT_THAT(parts("     x"), ElementsAre("    ", " ", "x"));
    EXPECT_TRUE(tokenizer_.encode("").empty());
}

TEST_F(Gpt2TokenizerTest, SeparatorOfDocumentsIsOneToken) {
    EXPECT_THAT(tokenizer_.encode("<|endoftext|>"), ElementsAre(272));
    EXPECT_THAT(parts("a\n<|endoftext|>\nthe<|endoftext|><|endoftext|>"),
                ElementsAre("a", "\n", "<|endoftext|>", "\n", "the", "<|endoftext|>", "<|endoftext|>"));
    // What is before it ends there, as a text of its own does.
    EXPECT_THAT(parts("a  <|endoftext|>  a"), ElementsAre("a", "  ", "<|endoftext|>", " ", " a"));
    EXPECT_THAT(tokenizer_.encode("<|endoftext"), testing::SizeIs(11));
}

TEST_F(Gpt2TokenizerTest, WithoutASeparatorInTheVocabularyItIsText) {
    json numbers = json::parse(read_file(files_.vocabulary));
    numbers.erase("<|endoftext|>");
    const Gpt2Tokenizer tokenizer(read_gpt2_vocabulary(files_.folder.write("v.json", numbers.dump()), files_.merges));
    EXPECT_EQ(tokenizer.vocabulary_size(), 272);
    EXPECT_THAT(tokenizer.encode("<|endoftext|>"), testing::SizeIs(13));
}

TEST_F(Gpt2TokenizerTest, InvalidBytesAreKept) {
    const std::string bytes = std::string("\xFF the\xC3 \xE1\x80", 9) + std::string("\0\x80\x80\xF0\x9F", 5);
    EXPECT_EQ(tokenizer_.decode(tokenizer_.encode(bytes)), bytes);
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(tokenizer_.decode(tokenizer_.encode(all)), all);
}

TEST_F(Gpt2TokenizerTest, RandomBytesInPieces) {
    std::mt19937 random(3);
    const std::string alphabet = "a9 '.<|\n\xC3\xA9\xE2\x80\x83\xF0\x9F";
    for (int round = 0; round < 3000; ++round) {
        std::string bytes;
        for (int i = 0; i < 30; ++i) bytes += alphabet[random() % alphabet.size()];
        std::string encoded;
        for (std::size_t begin = 0; begin < bytes.size();) {
            // Every cut that is called safe is one, whatever the bytes.
            const std::size_t cut = tokenizer_.safe_cut(std::string_view(bytes).substr(begin));
            if (cut == 0) break;
            const std::string_view rest = std::string_view(bytes).substr(begin);
            std::vector<std::int32_t> tokens = tokenizer_.encode(rest.substr(0, cut));
            const std::vector<std::int32_t> after = tokenizer_.encode(rest.substr(cut));
            tokens.insert(tokens.end(), after.begin(), after.end());
            ASSERT_EQ(tokens, tokenizer_.encode(rest))
                << json(std::string(rest)).dump(-1, ' ', true, json::error_handler_t::replace);
            begin += cut;
        }
    }
}

TEST_F(Gpt2TokenizerTest, CutsAreNearTheEndOfProse) {
    const std::string prose = "Once upon a time there was a little bear. It's said that he couldn't sleep";
    EXPECT_EQ(prose.substr(tokenizer_.safe_cut(prose)), " sleep");
    EXPECT_EQ(tokenizer_.safe_cut("oneword"), 0U);
    EXPECT_EQ(tokenizer_.safe_cut("a<|endoftext"), 1U);
    EXPECT_EQ(tokenizer_.safe_cut("don't"), 3U);
    EXPECT_EQ(tokenizer_.safe_cut("中文，中文"), 9U);
}

TEST_F(Gpt2TokenizerTest, LongWords) {
    const std::string word(1 << 20, 'a');
    const std::vector<std::int32_t> tokens = tokenizer_.encode(word);
    EXPECT_EQ(tokens, std::vector<std::int32_t>(word.size() / 4, tokens.front()));
    EXPECT_EQ(text(tokens.front()), "aaaa");
}

TEST_F(Gpt2TokenizerTest, ManyThreadsAtOnce) {
    std::string prose;
    for (int i = 0; i < 3000; ++i) prose += " the thing " + std::to_string(i * 7919 % 3001) + " and";
    const std::vector<std::int32_t> expected = tokenizer_.encode(prose);
    std::vector<std::vector<std::int32_t>> results(4);
    std::vector<std::thread> threads;
    for (std::vector<std::int32_t>& result : results)
        threads.emplace_back([&] {
            for (int round = 0; round < 3; ++round) result = tokenizer_.encode(prose);
        });
    for (std::thread& thread : threads) thread.join();
    for (const std::vector<std::int32_t>& result : results) EXPECT_EQ(result, expected);
}

TEST_F(Gpt2TokenizerTest, TokensOutsideTheVocabulary) {
    for (const std::int32_t token : {-1, 273, INT32_MIN, INT32_MAX}) {
        EXPECT_THROW(tokenizer_.decode_token(token), InputError);
        EXPECT_THROW(tokenizer_.decode(std::vector<std::int32_t>{0, token}), InputError);
    }
}

TEST_F(Gpt2TokenizerTest, StoredVocabularyNeedsNoFiles) {
    const json stored = json::parse(tokenizer_.vocabulary().dump());
    const auto restored = find_tokenizer("gpt2-bpe").restore(stored, {{"vocabulary_file", "/nowhere"}});
    EXPECT_EQ(restored->vocabulary(), stored);
    const std::string prose = "the thing and\n\nits<|endoftext|>é";
    EXPECT_EQ(restored->encode(prose), tokenizer_.encode(prose));
}

TEST_F(Gpt2TokenizerTest, HostileVocabularies) {
    const json good = tokenizer_.vocabulary();
    const auto error_with = [&](const char* pointer, const json& value) {
        json changed = good;
        changed[json::json_pointer(pointer)] = value;
        return error_of([&] { Gpt2Vocabulary::from_json(changed); });
    };
    for (const char* text : {"null", "[]", "{}", "3", "\"x\"", "[256]", "{\"bytes\":256}"})
        EXPECT_THROW(Gpt2Vocabulary::from_json(json::parse(text)), InputError) << text;
    for (const char* key : {"bytes", "merges", "others"}) {
        json changed = good;
        changed.erase(key);
        EXPECT_THROW(Gpt2Vocabulary::from_json(changed), InputError) << key;
        for (const char* value :
             {"null", "7", "[-1]", "[0.5]", "[1e300]", "[18446744073709551615]", "[\"a\"]", "[[1]]"})
            EXPECT_THAT(error_with((std::string("/") + key).c_str(), json::parse(value)), Not("no error")) << value;
    }
    EXPECT_THAT(error_with("/bytes/7", 8), HasSubstr("two different tokens with the number 8"));
    EXPECT_THAT(error_with("/merges/0", 300), HasSubstr("before both are known"));
    EXPECT_THAT(error_with("/others/<|endoftext|>", 500), HasSubstr("no token 272"));
    EXPECT_THAT(error_with("/others/x", 5), HasSubstr("two different tokens"));
    EXPECT_THAT(error_with("/merged", json::array({1})), HasSubstr("pairs"));
    EXPECT_THAT(error_with("/surprise", 1), HasSubstr("unknown entry"));
    // Tokens that double in length with every merge.
    json doubling = good;
    doubling["merges"] = json::array({97, 97});
    for (int token = 256; token < 400; ++token) doubling["merges"].insert(doubling["merges"].end(), {token, token});
    doubling["others"] = json::object();
    EXPECT_THAT(error_of([&] { Gpt2Vocabulary::from_json(doubling); }), HasSubstr("64 MiB"));
}

class Gpt2FilesTest : public Gpt2TokenizerTest {
protected:
    std::string error_of_merges(const std::string& merges) const {
        const fs::path file = files_.folder.write("broken.txt", merges);
        return error_of([&] { read_gpt2_vocabulary(files_.vocabulary, file); });
    }
    std::string error_of_vocabulary(const std::string& vocabulary) const {
        const fs::path file = files_.folder.write("broken.json", vocabulary);
        return error_of([&] { read_gpt2_vocabulary(file, files_.merges); });
    }
};

TEST_F(Gpt2FilesTest, VersionLineAndLineEndsDoNotMatter) {
    const std::string merges = read_file(files_.merges);
    std::string windows;
    for (const char c : merges) windows += c == '\n' ? "\r\n" : std::string(1, c);
    for (const std::string& same : {merges.substr(merges.find('\n') + 1), windows, merges.substr(0, merges.size() - 1)})
        EXPECT_EQ(read_gpt2_vocabulary(files_.vocabulary, files_.folder.write("same.txt", same)).to_json(),
                  tokenizer_.vocabulary());
}

TEST_F(Gpt2FilesTest, MergesThatAreWrong) {
    EXPECT_THAT(error_of_merges(""), AllOf(HasSubstr("broken.txt"), HasSubstr("has no merges")));
    EXPECT_THAT(error_of_merges("t h\n\nt hee\n"),
                AllOf(HasSubstr("broken.txt', line 3: "), HasSubstr("\"hee\" is not a token")));
    EXPECT_THAT(error_of_merges("th e\n"), AllOf(HasSubstr("line 1: "), HasSubstr("no merge above it gives \"th\"")));
    EXPECT_THAT(error_of_merges("#version: 0.2\nt h\nx y\n"),
                AllOf(HasSubstr("line 3: "), HasSubstr("it gives \"xy\"")));
    EXPECT_THAT(error_of_merges("t h\nt h\n"), AllOf(HasSubstr("line 2: "), HasSubstr("stands in line 1")));
    for (const char* line : {"th", " t h", "t  h", "t h e", "t ", "{}"})
        EXPECT_THAT(error_of_merges(line), AllOf(HasSubstr("line 1: "), HasSubstr("not a merge"))) << line;
    const std::string merges = read_file(files_.merges);
    EXPECT_THAT(error_of_merges(merges.substr(0, merges.find("aa aa"))), HasSubstr("cut short"));
}

TEST_F(Gpt2FilesTest, VocabulariesThatAreWrong) {
    EXPECT_THAT(error_of_vocabulary(""), AllOf(HasSubstr("broken.json', line 1: "), HasSubstr("not JSON")));
    EXPECT_THAT(error_of_vocabulary("{\n\"a\": 0,\n\"b\": }"), AllOf(HasSubstr("line 3: "), HasSubstr("not JSON")));
    EXPECT_THAT(error_of_vocabulary("{}"), HasSubstr("no tokens"));
    EXPECT_THAT(error_of_vocabulary("[1]"), HasSubstr("not an object"));
    EXPECT_THAT(error_of_vocabulary("7"), HasSubstr("not an object"));
    EXPECT_THAT(error_of_vocabulary("{\"a\": 0,\n\"b\": 0}"),
                AllOf(HasSubstr("line 2: "), HasSubstr("\"a\" and \"b\" have the same number 0")));
    EXPECT_THAT(error_of_vocabulary("{\"a\": 0,\n\n\"a\": 1}"),
                AllOf(HasSubstr("line 3: "), HasSubstr("\"a\" stands twice")));
    EXPECT_THAT(error_of_vocabulary("{\"a\": 0, \"b\": 2}"), HasSubstr("no token has the number 1"));
    EXPECT_THAT(error_of_vocabulary("{\"a\": 0, \"b\": 99999999999}"), HasSubstr("allowed are whole numbers below"));
    for (const char* value : {"-1", "0.5", "\"0\"", "null", "true", "[0]", "{\"x\": 0}"})
        EXPECT_THAT(error_of_vocabulary(std::string("{\"a\": ") + value + "}"),
                    HasSubstr("token \"a\" is not followed"));
    EXPECT_THAT(error_of_vocabulary("{\"\": 0}"), HasSubstr("empty text"));
    EXPECT_THAT(error_of_vocabulary("{\"a\": 0}"), HasSubstr("no token for the byte 0"));
    json numbers = json::parse(read_file(files_.vocabulary));
    numbers["zebra"] = numbers.size();
    EXPECT_THAT(error_of_vocabulary(numbers.dump()),
                AllOf(HasSubstr("no merge that gives \"zebra\""), HasSubstr("broken.json")));
    EXPECT_THAT(error_of([&] { read_gpt2_vocabulary("/nowhere/v.json", files_.merges); }),
                HasSubstr("/nowhere/v.json"));
    EXPECT_THAT(error_of([&] { read_gpt2_vocabulary(files_.vocabulary, "/nowhere/m.txt"); }),
                HasSubstr("/nowhere/m.txt"));
}

TEST_F(Gpt2FilesTest, OptionsNameTheFiles) {
    const TokenizerDescriptor& descriptor = find_tokenizer("gpt2-bpe");
    const std::string vocabulary = files_.vocabulary.string(), merges = files_.merges.string();
    const auto built = descriptor.build({}, {{"vocabulary_file", vocabulary}, {"merges_file", merges}});
    EXPECT_EQ(built->vocabulary(), tokenizer_.vocabulary());
    EXPECT_THAT(error_of([&] {
                    descriptor.build({}, {{"vocabulary_file", vocabulary}});
                }),
                HasSubstr("data.merges_file is empty"));
    EXPECT_THAT(error_of([&] {
                    descriptor.build({}, {{"merges_file", merges}});
                }),
                HasSubstr("data.vocabulary_file is empty"));
}

TEST_F(Gpt2FilesTest, WithoutFilesTheInstalledOnesAreUsed) {
    const TokenizerDescriptor& descriptor = find_tokenizer("gpt2-bpe");
    setenv("WAVLAB_DATA", (files_.folder.path() / "data").c_str(), 1);
    EXPECT_THAT(error_of([&] { descriptor.build({}, {}); }),
                AllOf(HasSubstr("wavlab data get gpt2-bpe"), HasSubstr("data.vocabulary_file and data.merges_file")));
    const fs::path folder = default_data_folder().dataset("gpt2-bpe");
    fs::create_directories(folder);
    InstalledDataset installed;
    installed.id = "gpt2-bpe";
    installed.kind = ManifestKind::tokenizer;
    for (const auto& [name, file] :
         {std::pair("encoder.json", files_.vocabulary), std::pair("vocab.bpe", files_.merges)}) {
        fs::copy_file(file, folder / name);
        installed.files.push_back({name, folder / name, static_cast<std::int64_t>(fs::file_size(file)), ""});
    }
    write_installed(installed, folder);
    EXPECT_EQ(descriptor.build({}, {})->vocabulary(), tokenizer_.vocabulary());
    unsetenv("WAVLAB_DATA");
}

}  // namespace
}  // namespace wavlab
