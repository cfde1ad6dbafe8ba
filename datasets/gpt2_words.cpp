// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/gpt2_words.h"

#include <array>

#include "datasets/text.h"
#include "datasets/unicode_classes.h"

namespace wavlab {

namespace {

constexpr std::array<CharacterClass, 128> make_ascii_classes() {
    std::array<CharacterClass, 128> classes{};
    for (std::size_t c = 0; c < classes.size(); ++c) {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) classes[c] = CharacterClass::letter;
        if (c >= '0' && c <= '9') classes[c] = CharacterClass::number;
        if (c == ' ' || (c >= '\t' && c <= '\r')) classes[c] = CharacterClass::space;
    }
    return classes;
}
constexpr std::array<CharacterClass, 128> ascii_classes = make_ascii_classes();

struct Character {
    CharacterClass kind;
    std::size_t bytes;
};

Character character_at(std::string_view text, std::size_t place) {
    const auto byte = static_cast<unsigned char>(text[place]);
    if (byte < 0x80) return {ascii_classes[byte], 1};
    const DecodedCharacter character = decode_character(text.substr(place));
    return {character_class(character.code_point), static_cast<std::size_t>(character.bytes)};
}

/// Where the characters of one class that begin at `place` end.
std::size_t run_end(std::string_view text, std::size_t place, CharacterClass kind) {
    while (place < text.size()) {
        const auto byte = static_cast<unsigned char>(text[place]);
        if (byte < 0x80) {
            if (ascii_classes[byte] != kind) return place;
            ++place;
            continue;
        }
        const Character character = character_at(text, place);
        if (character.kind != kind) return place;
        place += character.bytes;
    }
    return place;
}

/// Bytes of the contraction that a text begins with; 0 where there is none.
std::size_t contraction_length(std::string_view text) {
    if (text.size() < 2 || text[0] != '\'') return 0;
    const char first = text[1];
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
    if (text.size() < 3) return 0;
    const char second = text[2];
    return ((first == 'r' || first == 'v') && second == 'e') || (first == 'l' && second == 'l') ? 3 : 0;
}

/// White space that begins at `begin`: all of it at the end of the text, else all but its last character, which may
/// belong to the next word; a single character stands alone.
std::size_t space_end(std::string_view text, std::size_t begin) {
    std::size_t place = begin, last = begin;
    while (place < text.size()) {
        const Character character = character_at(text, place);
        if (character.kind != CharacterClass::space) return last > begin ? last : place;
        last = place;
        place += character.bytes;
    }
    return place;
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

/// The class of the character that ends before `place` > 0, where another begins.
CharacterClass class_before(std::string_view text, std::size_t place) {
    std::size_t begin = place - 1;
    while (begin > 0 && place - begin < 4 && !starts_character(text[begin])) --begin;
    const Character character = character_at(text, begin);
    return begin + character.bytes == place ? character.kind : CharacterClass::other;
}

}  // namespace

std::size_t gpt2_word_end(std::string_view text, std::size_t begin) {
    if (text[begin] == ' ' && begin + 1 < text.size()) {
        const Character next = character_at(text, begin + 1);
        if (next.kind != CharacterClass::space) return run_end(text, begin + 1 + next.bytes, next.kind);
    } else if (text[begin] == '\'') {
        if (const std::size_t length = contraction_length(text.substr(begin, 3))) return begin + length;
    }
    const Character first = character_at(text, begin);
    if (first.kind == CharacterClass::space) return space_end(text, begin);
    return run_end(text, begin + first.bytes, first.kind);
}

bool is_gpt2_cut(std::string_view text, std::size_t place) {
    if (place == 0 || place >= text.size() || !starts_character(text[place])) return false;
    // An apostrophe may begin a contraction, white space may go on or belong to the next word.
    if (text[place - 1] == '\'') return false;
    const CharacterClass before = class_before(text, place);
    return before != CharacterClass::space && before != character_at(text, place).kind;
}

}  // namespace wavlab
