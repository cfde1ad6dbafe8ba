// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wavlab {

/// A code point read from UTF-8 and the number of bytes it took.
struct DecodedCharacter {
    char32_t code_point = 0;
    int bytes = 0;
    bool valid = true;        ///< false: invalid bytes, read as U+FFFD
    bool incomplete = false;  ///< invalid only because the text ends here
};

/// Reads the character at the start of a text that is not empty. Invalid bytes give U+FFFD, one for each
/// maximal subpart of an ill-formed sequence (The Unicode Standard, section 3.9, table 3-7).
DecodedCharacter decode_character(std::string_view utf8);

/// Appends a code point as UTF-8; surrogates and values above 0x10FFFF become U+FFFD.
void append_utf8(char32_t code_point, std::string& utf8);

/// Number of characters (code points) of a valid UTF-8 text.
std::int64_t count_characters(std::string_view utf8);

/// Byte offset at which character number `character` of a valid UTF-8 text starts; its length if beyond.
std::size_t character_offset(std::string_view utf8, std::int64_t character);

/// Normalises a text that arrives in pieces: CRLF becomes LF, a byte order mark at the start is dropped,
/// invalid bytes become U+FFFD. The result does not depend on where the pieces are cut.
class TextNormaliser {
public:
    /// `at_start`: whether the text begins here, with or without a byte order mark.
    explicit TextNormaliser(bool at_start = true) : at_start_(at_start) {}

    /// Appends the normalised text of the next piece to `text`.
    void append(std::string_view piece, std::string& text);
    /// Appends what was held back at the end of the last piece.
    void finish(std::string& text);
    /// How many bytes of the pieces so far are held back, because what comes next decides what they are.
    std::size_t held() const { return held_.size(); }
    /// How many U+FFFD were put in place of invalid bytes so far.
    std::int64_t replacements() const { return replacements_; }

private:
    /// Appends the normalised form of all but an unfinished end; returns how many bytes were used.
    std::size_t normalise(std::string_view bytes, bool last, std::string& text);

    std::string held_;  // an unfinished character or a CR at the end of the last piece
    bool at_start_;
    std::int64_t replacements_ = 0;
};

/// The normalised form of a text.
std::string normalise_text(std::string_view bytes);

}  // namespace wavlab
