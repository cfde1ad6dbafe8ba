// SPDX-License-Identifier: GPL-3.0-or-later
// How fast each tokenizer makes tokens of a text file, on one thread, in MB (10^6 bytes) of text a second.
//   encoding_speed FILE [VOCABULARY_FILE MERGES_FILE]      the two files: of gpt2-bpe; without: the installed ones
// Every round encodes the whole text, which is in memory, with a tokenizer that has not seen it, and is timed as a
// whole; the best of the rounds is printed, with the number of tokens. benchmarks/encoding_speed.py compares with
// tiktoken.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include <fmt/format.h>

#include "core/safe_file.h"
#include "datasets/tokenizer.h"

namespace {

using namespace wavlab;

constexpr int rounds = 5;

void measure(const TokenizerDescriptor& descriptor, const MemoryText& source, const std::string& text,
             const OptionValues& options) {
    const nlohmann::json vocabulary = descriptor.build({&source}, options)->vocabulary();
    double best = 0;
    std::int64_t count = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::unique_ptr<Tokenizer> tokenizer = descriptor.restore(vocabulary, options);
        TokenSequence tokens(tokenizer->vocabulary_size());
        const auto start = std::chrono::steady_clock::now();
        tokenizer->encode_into(text, tokens);
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
        best = std::max(best, double(text.size()) / 1e6 / seconds.count());
        count = tokens.size();
    }
    fmt::print("{} {:.1f} MB/s, {} tokens of {} bytes\n", descriptor.id, best, count, text.size());
    std::fflush(stdout);
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 2 && argument_count != 4) {
        fmt::print(stderr, "usage: encoding_speed FILE [VOCABULARY_FILE MERGES_FILE]\n");
        return 2;
    }
    try {
        const std::string text = read_file(arguments[1]);
        const MemoryText source(text);
        for (const TokenizerDescriptor& descriptor : TokenizerRegistry::all()) {
            OptionValues options;
            if (descriptor.id == "gpt2-bpe" && argument_count == 4)
                options = {{"vocabulary_file", std::string(arguments[2])}, {"merges_file", std::string(arguments[3])}};
            measure(descriptor, source, text, options);
        }
    } catch (const std::exception& problem) {
        fmt::print(stderr, "encoding_speed: {}\n", problem.what());
        return 2;
    }
    return 0;
}
