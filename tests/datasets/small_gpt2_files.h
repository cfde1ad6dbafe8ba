// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "datasets/gpt2_vocabulary.h"
#include "tests/datasets/temporary_folder.h"

namespace wavlab {

/// Files of a small byte-level BPE: the 256 bytes, a few merges of English, "<|endoftext|>".
class SmallGpt2Files {
public:
    SmallGpt2Files() {
        const std::vector<std::pair<std::string, std::string>> merges{
            {"t", "h"}, {"th", "e"}, {"Ġ", "the"}, {"i", "n"}, {"in", "g"}, {"a", "n"},   {"an", "d"}, {"Ġ", "and"},
            {"Ġ", "a"}, {"Ġ", "Ġ"},  {"ĠĠ", "ĠĠ"}, {"'", "s"}, {"a", "a"},  {"aa", "aa"}, {"Ã", "©"},  {"Ċ", "Ċ"}};
        std::string lines = "#version: 0.2\n";
        for (unsigned byte = 0; byte < 256; ++byte) add(gpt2_byte_name(static_cast<unsigned char>(byte)));
        for (const auto& [left, right] : merges) {
            add(left + right);
            lines += left + " " + right + "\n";
        }
        add("<|endoftext|>");
        vocabulary = folder.write("encoder.json", numbers_.dump());
        this->merges = folder.write("vocab.bpe", lines);
    }

    TemporaryFolder folder;
    std::filesystem::path vocabulary, merges;

private:
    void add(const std::string& name) {
        const std::size_t number = numbers_.size();
        numbers_[name] = number;
    }

    nlohmann::json numbers_ = nlohmann::json::object();
};

}  // namespace wavlab
