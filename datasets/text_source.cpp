// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/text_source.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "datasets/text.h"

namespace wavlab {

namespace {

constexpr std::size_t piece_size = std::size_t{1} << 20;
constexpr std::size_t longest_character = 4;  // bytes of UTF-8

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

std::string reason_of(int error_number) { return std::error_code(error_number, std::generic_category()).message(); }

/// Throws InputError unless the path is a regular file.
void require_regular_file(const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found)
        throw InputError("the text file " + quoted(path) + " does not exist");
    if (error) throw InputError("the text file " + quoted(path) + " cannot be read: " + error.message());
    if (std::filesystem::is_directory(status)) throw InputError(quoted(path) + " is a folder; a text file is needed");
    if (!std::filesystem::is_regular_file(status))
        throw InputError(quoted(path) + " is not a regular file; a text file is needed");
}

/// Calls `take` with the raw bytes `begin` to `end` of a file, piece by piece; it returns whether to go on.
void read_bytes(const std::filesystem::path& path, std::int64_t begin, std::int64_t end,
                const std::function<bool(std::string_view)>& take) {
    require_regular_file(path);
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw InputError("the text file " + quoted(path) + " cannot be opened: " + reason_of(errno));
    file.seekg(begin);
    std::vector<char> piece(piece_size);
    for (std::int64_t left = end - begin; left > 0;) {
        file.read(piece.data(), static_cast<std::streamsize>(std::min<std::int64_t>(left, piece_size)));
        if (file.gcount() == 0) break;
        left -= file.gcount();
        if (!take({piece.data(), static_cast<std::size_t>(file.gcount())})) return;
    }
    if (file.bad()) throw InputError("the text file " + quoted(path) + " cannot be read: " + reason_of(errno));
}

/// How many bytes at the end of a text may be the beginning of a character that goes on.
std::size_t unfinished_end(std::string_view text) {
    for (std::size_t length = 1; length < longest_character && length <= text.size(); ++length) {
        const DecodedCharacter character = decode_character(text.substr(text.size() - length));
        if (character.valid) return 0;
        if (character.incomplete && static_cast<std::size_t>(character.bytes) == length) return length;
    }
    return 0;
}

/// Finds the byte before which a number of characters lie, from a place where a character begins.
std::int64_t find_cut(const std::filesystem::path& path, std::int64_t place, std::int64_t characters) {
    if (characters == 0) return place;
    TextNormaliser normaliser(place == 0);
    std::string text;
    std::int64_t found = place;
    read_bytes(path, place, FileText::whole, [&](std::string_view piece) {
        for (const char byte : piece) {
            text.clear();
            normaliser.append({&byte, 1}, text);
            ++place;
            characters -= count_characters(text);
            if (characters > 0) continue;
            // A byte can end what was held back and be a character itself: then the cut is before it.
            found = place - static_cast<std::int64_t>(normaliser.held()) + characters;
            return false;
        }
        found = place;
        return true;
    });
    return found;
}

}  // namespace

std::string read_all(const TextSource& source) {
    std::string text;
    try {
        text.reserve(static_cast<std::size_t>(source.bytes()));
        source.read([&](std::string_view piece) { text += piece; });
    } catch (const std::bad_alloc&) {
        throw InputError("a text of " + std::to_string(source.bytes()) + " bytes does not fit into memory");
    }
    return text;
}

void MemoryText::read(const Take& take) const {
    std::string_view rest = text_;
    while (rest.size() > piece_size) {
        const std::size_t length = piece_size - unfinished_end(rest.substr(0, piece_size));
        take(rest.substr(0, length));
        rest.remove_prefix(length);
    }
    if (!rest.empty()) take(rest);
}

FileText::FileText(std::filesystem::path file, Normalisation normalisation, std::int64_t begin, std::int64_t end)
    : file_(std::move(file)), normalisation_(normalisation), begin_(begin), end_(end) {
    require_regular_file(file_);
    std::error_code error;
    const auto size = static_cast<std::int64_t>(std::filesystem::file_size(file_, error));
    if (error) throw InputError("the text file " + quoted(file_) + " cannot be read: " + error.message());
    end_ = std::min(end_, size);
    begin_ = std::min(begin_, end_);
}

void FileText::read(const Take& take) const {
    std::string text;
    const auto give = [&] {
        if (!text.empty()) take(text);
        text.clear();
    };
    if (normalisation_ == Normalisation::text) {
        TextNormaliser normaliser(begin_ == 0);
        read_bytes(file_, begin_, end_, [&](std::string_view piece) {
            normaliser.append(piece, text);
            give();
            return true;
        });
        normaliser.finish(text);
    } else {
        std::string held;
        read_bytes(file_, begin_, end_, [&](std::string_view piece) {
            text = held;
            text += piece;
            const std::size_t unfinished = unfinished_end(text);
            held = text.substr(text.size() - unfinished);
            text.resize(text.size() - unfinished);
            give();
            return true;
        });
        text = held;
    }
    give();
}

FileTextFacts examine_text_file(const std::filesystem::path& file, std::int64_t numerator, std::int64_t denominator,
                                const std::function<void(std::int64_t bytes_read)>& watch) {
    struct Place {
        std::int64_t byte, characters;
    };
    std::vector<Place> places{{0, 0}};
    FileTextFacts facts;
    TextNormaliser normaliser;
    std::string text;
    read_bytes(file, 0, FileText::whole, [&](std::string_view piece) {
        text.clear();
        normaliser.append(piece, text);
        facts.file_bytes += static_cast<std::int64_t>(piece.size());
        facts.characters += count_characters(text);
        if (watch) watch(facts.file_bytes);
        const std::int64_t done = facts.file_bytes - static_cast<std::int64_t>(normaliser.held());
        // A file shorter than its byte order mark could be is all held back.
        if (done > places.back().byte) places.push_back({done, facts.characters});
        return true;
    });
    text.clear();
    normaliser.finish(text);
    facts.characters += count_characters(text);
    facts.replacements = normaliser.replacements();
    if (facts.characters == 0)
        throw InputError("the text file " + quoted(file) + " is empty; it needs at least one character");
    const std::int64_t wanted =
        facts.characters / denominator * numerator + facts.characters % denominator * numerator / denominator;
    const auto after =
        std::find_if(places.begin(), places.end(), [&](const Place& p) { return p.characters > wanted; });
    const Place& before = *std::prev(after);
    facts.cut = find_cut(file, before.byte, wanted - before.characters);
    return facts;
}

}  // namespace wavlab
