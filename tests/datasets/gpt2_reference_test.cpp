// SPDX-License-Identifier: GPL-3.0-or-later
// GPT-2's tokenizer against others on hard text: Python's of tests/reference, and tiktoken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>

#include "core/safe_file.h"
#include "datasets/gpt2_tokenizer.h"
#include "datasets/token_data.h"
#include "datasets/unicode_classes.h"
#include "tests/datasets/temporary_folder.h"

namespace fs = std::filesystem;

namespace wavlab {
namespace {

using nlohmann::json;
using testing::ElementsAre;

constexpr int python_package_missing = 77;

/// Runs a script of tests/reference; returns its exit code.
int run_reference(const std::string& script, const std::vector<fs::path>& arguments) {
    const std::string source = WAVLAB_SOURCE_DIR;
    std::string command = "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=\"" + source + "/.deps/python:$PYTHONPATH\" \"" +
                          WAVLAB_PYTHON + "\" \"" + source + "/tests/reference/" + script + "\"";
    for (const fs::path& argument : arguments) command += " \"" + argument.string() + "\"";
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct Case {
    std::string text;
    std::vector<std::int32_t> tokens;
};

std::vector<Case> read_cases(const fs::path& file) {
    std::vector<Case> cases;
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        const json entry = json::parse(line);
        cases.push_back({entry.at("text"), entry.at("tokens")});
    }
    return cases;
}

void expect_agreement(const Tokenizer& tokenizer, const std::vector<Case>& cases) {
    EXPECT_GT(cases.size(), 1000U);
    for (const Case& expected : cases) {
        ASSERT_EQ(tokenizer.encode(expected.text), expected.tokens) << json(expected.text).dump();
        ASSERT_EQ(tokenizer.decode(expected.tokens), expected.text);
    }
}

/// Tokens of a text that is given in pieces cut at random between characters, as a source gives it.
std::vector<std::int32_t> encode_in_pieces(const Tokenizer& tokenizer, std::string_view text, std::size_t longest,
                                           std::mt19937& random) {
    std::vector<std::int32_t> tokens;
    std::string held;
    while (!text.empty()) {
        std::size_t length = std::min(text.size(), 1 + random() % longest);
        while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
        held += text.substr(0, length);
        text.remove_prefix(length);
        const std::size_t cut = tokenizer.safe_cut(held);
        for (const std::int32_t token : tokenizer.encode(held.substr(0, cut))) tokens.push_back(token);
        held.erase(0, cut);
    }
    for (const std::int32_t token : tokenizer.encode(held)) tokens.push_back(token);
    return tokens;
}

/// Texts for development and GPT-2's files: WAVLAB_DEVELOPMENT_DATA, else ../shared/data beside the checkout.
fs::path development_data() {
    if (const char* folder = std::getenv("WAVLAB_DEVELOPMENT_DATA")) return folder;
    return fs::path(WAVLAB_SOURCE_DIR) / "../shared/data";
}

TEST(Gpt2Reference, AgreesWithPython) {
    const TemporaryFolder folder;
    ASSERT_EQ(run_reference("byte_pair_reference.py", {folder.path()}), 0);
    const Gpt2Tokenizer tokenizer(
        read_gpt2_vocabulary(folder.path() / "vocabulary.json", folder.path() / "merges.txt"));
    const std::vector<Case> cases = read_cases(folder.path() / "cases.jsonl");
    expect_agreement(tokenizer, cases);
    const Gpt2Tokenizer restored(Gpt2Vocabulary::from_json(json::parse(tokenizer.vocabulary().dump())));
    expect_agreement(restored, cases);
    // In pieces cut anywhere, the tokens are those of the whole.
    std::mt19937 random(1);
    for (const std::size_t longest : {1, 2, 3, 7, 50, 1000})
        ASSERT_EQ(encode_in_pieces(tokenizer, cases.back().text, longest, random), cases.back().tokens) << longest;
    for (const Case& expected : cases)
        if (expected.text.size() < 5000) {
            ASSERT_EQ(encode_in_pieces(tokenizer, expected.text, 12, random), expected.tokens);
        }
}

TEST(Gpt2Reference, ClassesOfEveryCodePoint) {
    const TemporaryFolder folder;
    ASSERT_EQ(run_reference("byte_pair_reference.py", {folder.path()}), 0);
    std::int64_t compared = 0;
    for (const json& range : json::parse(read_file(folder.path() / "classes.json")))
        for (char32_t code_point = range.at(0).get<char32_t>(); code_point <= range.at(1).get<char32_t>();
             ++code_point) {
            const CharacterClass kind = character_class(code_point);
            const char* name = kind == CharacterClass::letter   ? "L"
                               : kind == CharacterClass::number ? "N"
                               : kind == CharacterClass::space  ? "S"
                                                                : "-";
            ASSERT_EQ(name, range.at(2).get<std::string>()) << "U+" << std::hex << static_cast<unsigned>(code_point);
            ++compared;
        }
    EXPECT_GT(compared, 140'000);
}

TEST(Gpt2Reference, AgreesWithTiktoken) {
    const fs::path data = development_data();
    if (!fs::exists(data / "gpt2_vocab.json"))
        GTEST_SKIP() << "no GPT-2 files in " << data << " (WAVLAB_DEVELOPMENT_DATA)";
    std::vector<fs::path> texts;
    for (const char* name : {"tinystories-sample.txt", "text8-like-3MB.txt", "tinyshakespeare.txt"})
        if (fs::exists(data / name)) texts.push_back(data / name);
    const TemporaryFolder folder;
    std::vector<fs::path> arguments{folder.path(), data / "gpt2_vocab.json"};
    arguments.insert(arguments.end(), texts.begin(), texts.end());
    const int code = run_reference("tiktoken_reference.py", arguments);
    if (code == python_package_missing) GTEST_SKIP() << WAVLAB_PYTHON << " has no tiktoken";
    ASSERT_EQ(code, 0);

    const Gpt2Tokenizer tokenizer(read_gpt2_vocabulary(data / "gpt2_vocab.json", data / "gpt2_merges.txt"));
    EXPECT_EQ(tokenizer.vocabulary_size(), 50257);
    EXPECT_THAT(tokenizer.encode("<|endoftext|>"), ElementsAre(50256));
    expect_agreement(tokenizer, read_cases(folder.path() / "cases.jsonl"));
    for (const fs::path& text : texts) {
        const std::string bytes = read_file(folder.path() / (text.filename().string() + ".tokens"));
        std::vector<std::int32_t> expected(bytes.size() / sizeof(std::int32_t));
        std::memcpy(expected.data(), bytes.data(), bytes.size());
        const TokenSequence tokens = encode_text(tokenizer, FileText(text, Normalisation::none));
        EXPECT_TRUE(tokens.slice(0, tokens.size()) == expected) << text;
        EXPECT_EQ(TokenSequence::token_bytes(tokenizer.vocabulary_size()), 2);
    }
}

}  // namespace
}  // namespace wavlab
