// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the files that GPT-2's tokenizer was published as.
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/safe_file.h"
#include "datasets/gpt2_vocabulary.h"

namespace fs = std::filesystem;

namespace wavlab {

namespace {

using nlohmann::json;

constexpr std::size_t largest_file = std::size_t{1} << 28;
constexpr std::int64_t most_tokens = std::int64_t{1} << 22;

/// As JSON, so that what does not print is escaped; long ones are cut.
std::string shown(std::string_view name) {
    constexpr std::size_t longest = 60;
    const std::string cut = name.size() > longest ? std::string(name.substr(0, longest)) + "..." : std::string(name);
    return json(cut).dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Where something stands: "the vocabulary file 'X', line 3: ".
std::string place(const char* what, const fs::path& file, std::int64_t line) {
    return std::string("the ") + what + " file '" + file.string() + "', line " + std::to_string(line) + ": ";
}

/// Walks through a text and counts its lines, so that an error can name one.
class LineCounter {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    LineCounter(const char* place, std::int64_t* line) : place_(place), line_(line) {}
    const char& operator*() const { return *place_; }
    LineCounter& operator++() {
        if (*place_ == '\n') ++*line_;
        ++place_;
        return *this;
    }
    bool operator==(const LineCounter& other) const { return place_ == other.place_; }
    bool operator!=(const LineCounter& other) const { return place_ != other.place_; }

private:
    const char* place_;
    std::int64_t* line_;
};

using TokenNumbers = std::unordered_map<std::string, std::int32_t>;

/// Takes the one flat object of a vocabulary file: names of tokens and their numbers.
class VocabularyReader final : public json::json_sax_t {
public:
    VocabularyReader(const fs::path& file, const std::int64_t& line) : file_(file), line_(line) {}

    TokenNumbers finish() {
        if (numbers_.empty()) fail("it has no tokens");
        for (std::size_t token = 0; token < names_.size(); ++token)
            if (names_[token].empty())
                throw InputError("the vocabulary file '" + file_.string() + "': no token has the number " +
                                 std::to_string(token) + "; " + std::to_string(numbers_.size()) +
                                 " tokens must have the numbers 0 to " + std::to_string(numbers_.size() - 1));
        return std::move(numbers_);
    }

    bool start_object(std::size_t) override {
        if (inside_) fail("the token " + shown(name_) + " is not followed by a number");
        inside_ = true;
        return true;
    }
    bool end_object() override { return true; }
    bool key(std::string& name) override {
        name_ = name;
        key_line_ = line_;
        if (name.empty()) fail("a token is an empty text");
        return true;
    }
    bool number_unsigned(json::number_unsigned_t number) override {
        if (!inside_) return no_object();
        if (number >= static_cast<json::number_unsigned_t>(most_tokens))
            fail("the token " + shown(name_) + " has the number " + std::to_string(number) +
                 "; allowed are whole numbers below " + std::to_string(most_tokens));
        const auto index = static_cast<std::size_t>(number);
        if (index >= names_.size()) names_.resize(index + 1);
        if (!numbers_.emplace(name_, static_cast<std::int32_t>(number)).second)
            fail("the token " + shown(name_) + " stands twice");
        if (!names_[index].empty())
            fail("the tokens " + shown(names_[index]) + " and " + shown(name_) + " have the same number " +
                 std::to_string(number));
        names_[index] = name_;
        return true;
    }
    bool number_integer(json::number_integer_t) override { return no_number(); }
    bool number_float(json::number_float_t, const std::string&) override { return no_number(); }
    bool string(std::string&) override { return no_number(); }
    bool boolean(bool) override { return no_number(); }
    bool null() override { return no_number(); }
    bool binary(json::binary_t&) override { return no_number(); }
    bool start_array(std::size_t) override { return no_number(); }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        key_line_ = line_;
        fail("it is not JSON, or ends too early");
    }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw InputError(place("vocabulary", file_, key_line_) + problem);
    }
    bool no_object() const { fail("it is not an object of tokens and their numbers"); }
    bool no_number() const {
        if (!inside_) return no_object();
        fail("the token " + shown(name_) + " is not followed by a whole number from 0");
    }

    const fs::path& file_;
    const std::int64_t& line_;
    std::int64_t key_line_ = 1;
    bool inside_ = false;
    std::string name_;
    TokenNumbers numbers_;
    std::vector<std::string> names_;  // by number
};

TokenNumbers read_numbers(const fs::path& file) {
    const std::string text = read_file(file, largest_file);
    std::int64_t line = 1, unused = 1;
    VocabularyReader reader(file, line);
    json::sax_parse(LineCounter(text.data(), &line), LineCounter(text.data() + text.size(), &unused), &reader);
    return reader.finish();
}

/// Reads the merges of tokens whose numbers are known.
class MergesReader {
public:
    MergesReader(const fs::path& file, const TokenNumbers& numbers) : file_(file), numbers_(numbers) {
        for (unsigned byte = 0; byte < 256; ++byte) made_.insert(gpt2_byte_name(static_cast<unsigned char>(byte)));
    }

    void read() {
        const std::string text = read_file(file_, largest_file);
        std::string_view rest = text;
        while (!rest.empty()) {
            ++line_;
            std::string_view line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (line.empty() || (line_ == 1 && line.starts_with("#version"))) continue;
            read_merge(line);
        }
        if (merges_.empty()) throw InputError("the merges file '" + file_.string() + "' has no merges");
    }

    std::vector<BytePairMerge>& merges() { return merges_; }
    /// Whether a token is a byte or what a merge gives.
    bool is_made(const std::string& name) const { return made_.contains(name); }

private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw InputError(place("merges", file_, line_) + problem);
    }

    std::int32_t number_of_part(const std::string& name) const {
        const auto found = numbers_.find(name);
        if (found == numbers_.end()) fail(shown(name) + " is not a token of the vocabulary file");
        if (!is_made(name)) fail("no merge above it gives " + shown(name));
        return found->second;
    }

    void read_merge(std::string_view line) {
        const std::size_t space = line.find(' ');
        if (space == 0 || space == std::string_view::npos || space + 1 == line.size() ||
            line.find(' ', space + 1) != std::string_view::npos)
            fail(shown(line) + " is not a merge: two tokens with one space between them");
        const std::string left(line.substr(0, space)), right(line.substr(space + 1));
        const std::int32_t left_number = number_of_part(left), right_number = number_of_part(right);
        const auto merged = numbers_.find(left + right);
        if (merged == numbers_.end())
            fail("it gives " + shown(left + right) + ", which is not a token of the vocabulary file");
        const auto [first, is_new] = lines_.emplace(std::string(line), line_);
        if (!is_new) fail("the same merge stands in line " + std::to_string(first->second));
        made_.insert(left + right);
        merges_.push_back({left_number, right_number, merged->second});
    }

    const fs::path& file_;
    const TokenNumbers& numbers_;
    std::int64_t line_ = 0;
    std::vector<BytePairMerge> merges_;
    std::unordered_set<std::string> made_;
    std::unordered_map<std::string, std::int64_t> lines_;
};

/// Tokens that no merge gives must look like marks, such as "<|endoftext|>" or "[PAD]": others show that merges are
/// missing, and texts would silently become other tokens than with all of them.
bool looks_like_mark(const std::string& name) {
    return name.size() > 2 &&
           ((name.front() == '<' && name.back() == '>') || (name.front() == '[' && name.back() == ']'));
}

}  // namespace

Gpt2Vocabulary read_gpt2_vocabulary(const fs::path& vocabulary_file, const fs::path& merges_file) {
    const TokenNumbers numbers = read_numbers(vocabulary_file);
    Gpt2Vocabulary vocabulary;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const auto found = numbers.find(gpt2_byte_name(static_cast<unsigned char>(byte)));
        if (found == numbers.end())
            throw InputError("the vocabulary file '" + vocabulary_file.string() + "' has no token for the byte " +
                             std::to_string(byte) + " (" + shown(gpt2_byte_name(static_cast<unsigned char>(byte))) +
                             "); all 256 are needed");
        vocabulary.bytes[byte] = found->second;
    }
    MergesReader reader(merges_file, numbers);
    reader.read();
    vocabulary.merges = std::move(reader.merges());
    for (const auto& [name, number] : numbers) {
        if (reader.is_made(name)) continue;
        if (!looks_like_mark(name))
            throw InputError("the merges file '" + merges_file.string() + "' has no merge that gives " + shown(name) +
                             ", a token of '" + vocabulary_file.string() +
                             "'; it is cut short or belongs to another vocabulary");
        vocabulary.others.emplace(name, number);
    }
    (void)vocabulary.token_texts();  // throws what is still wrong
    return vocabulary;
}

}  // namespace wavlab
