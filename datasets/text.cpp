// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace wavlab {

namespace {

constexpr char32_t replacement_character = 0xFFFD;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::uint64_t high_bits = 0x8080808080808080ULL;

/// Length of a sequence and the allowed range of its second byte, from its first byte (table 3-7).
struct LeadByte {
    int bytes;  // 0: cannot start a character
    unsigned char second_minimum, second_maximum;
};

constexpr LeadByte classify(unsigned char byte) {
    if (byte < 0x80) return {1, 0, 0};
    if (byte < 0xC2) return {0, 0, 0};
    if (byte < 0xE0) return {2, 0x80, 0xBF};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};  // no surrogates
    if (byte < 0xF0) return {3, 0x80, 0xBF};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte < 0xF4) return {4, 0x80, 0xBF};
    if (byte == 0xF4) return {4, 0x80, 0x8F};  // nothing above U+10FFFF
    return {0, 0, 0};
}

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::uint64_t load_word(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

/// Number of bytes at the start of `bytes` that are ASCII and no carriage return.
std::size_t plain_prefix(std::string_view bytes) {
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        const std::uint64_t word = load_word(bytes.data() + i);
        const std::uint64_t difference = word ^ (ones * '\r');
        if ((word & high_bits) != 0 || ((difference - ones) & ~difference & high_bits) != 0) break;
    }
    while (i < bytes.size() && static_cast<unsigned char>(bytes[i]) < 0x80 && bytes[i] != '\r') ++i;
    return i;
}

}  // namespace

DecodedCharacter decode_character(std::string_view utf8) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(utf8[i]); };
    const LeadByte lead = classify(byte(0));
    if (lead.bytes == 1) return {byte(0), 1};
    if (lead.bytes == 0) return {replacement_character, 1, false};
    constexpr std::array<unsigned, 5> lead_mask{0, 0, 0x1F, 0x0F, 0x07};
    char32_t code_point = byte(0) & lead_mask[static_cast<std::size_t>(lead.bytes)];
    for (int i = 1; i < lead.bytes; ++i) {
        const auto index = static_cast<std::size_t>(i);
        if (index >= utf8.size()) return {replacement_character, i, false, true};
        const unsigned char minimum = i == 1 ? lead.second_minimum : 0x80;
        const unsigned char maximum = i == 1 ? lead.second_maximum : 0xBF;
        if (byte(index) < minimum || byte(index) > maximum) return {replacement_character, i, false};
        code_point = (code_point << 6) | (byte(index) & 0x3FU);
    }
    return {code_point, lead.bytes};
}

void append_utf8(char32_t code_point, std::string& utf8) {
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) code_point = replacement_character;
    const auto append = [&](char32_t byte) { utf8 += static_cast<char>(byte); };
    if (code_point < 0x80) {
        append(code_point);
    } else if (code_point < 0x800) {
        append(0xC0 | (code_point >> 6));
        append(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        append(0xE0 | (code_point >> 12));
        append(0x80 | ((code_point >> 6) & 0x3F));
        append(0x80 | (code_point & 0x3F));
    } else {
        append(0xF0 | (code_point >> 18));
        append(0x80 | ((code_point >> 12) & 0x3F));
        append(0x80 | ((code_point >> 6) & 0x3F));
        append(0x80 | (code_point & 0x3F));
    }
}

std::int64_t count_characters(std::string_view utf8) {
    return static_cast<std::int64_t>(std::count_if(utf8.begin(), utf8.end(), starts_character));
}

std::size_t character_offset(std::string_view utf8, std::int64_t character) {
    if (character <= 0) return 0;
    std::size_t i = 0;
    // Eight bytes at a time while they hold fewer characters than are still to be skipped.
    while (i + 8 <= utf8.size() && character >= 8) {
        const std::uint64_t word = load_word(utf8.data() + i);
        const std::uint64_t continuation = (word & high_bits) & ((~word & (high_bits >> 1)) << 1);
        character -= 8 - std::popcount(continuation);
        i += 8;
    }
    for (; i < utf8.size(); ++i)
        if (starts_character(utf8[i]) && character-- == 0) return i;
    return utf8.size();
}

void TextNormaliser::append(std::string_view piece, std::string& text) {
    if (at_start_ || !held_.empty()) {
        // A few bytes joined to what was held back complete it: the rest of the piece is not copied.
        constexpr std::size_t enough = 8;
        const std::size_t held = held_.size();
        std::string joined = std::move(held_);
        joined += piece.substr(0, enough);
        const bool whole_piece = piece.size() <= enough;
        std::size_t used = 0;
        if (at_start_) {
            const std::size_t compared = std::min(joined.size(), byte_order_mark.size());
            const bool may_be_mark = joined.compare(0, compared, byte_order_mark, 0, compared) == 0;
            if (may_be_mark && compared < byte_order_mark.size()) {
                held_ = std::move(joined);
                return;
            }
            if (may_be_mark) used = byte_order_mark.size();
            at_start_ = false;
        }
        used += normalise(std::string_view(joined).substr(used), false, text);
        held_ = whole_piece ? joined.substr(used) : std::string();
        if (whole_piece) return;
        piece.remove_prefix(used - held);
    }
    held_ = piece.substr(normalise(piece, false, text));
}

void TextNormaliser::finish(std::string& text) {
    normalise(held_, true, text);
    held_.clear();
}

std::size_t TextNormaliser::normalise(std::string_view bytes, bool last, std::string& text) {
    const std::size_t size = bytes.size();
    while (!bytes.empty()) {
        const std::size_t plain = plain_prefix(bytes);
        text.append(bytes.substr(0, plain));
        bytes.remove_prefix(plain);
        if (bytes.empty()) break;
        if (bytes.front() == '\r') {
            if (bytes.size() == 1 && !last) break;
            if (bytes.size() == 1 || bytes[1] != '\n') text += '\r';
            bytes.remove_prefix(1);
            continue;
        }
        const DecodedCharacter character = decode_character(bytes);
        if (character.incomplete && !last) break;
        if (character.valid) {
            text.append(bytes.substr(0, static_cast<std::size_t>(character.bytes)));
        } else {
            append_utf8(replacement_character, text);
            ++replacements_;
        }
        bytes.remove_prefix(static_cast<std::size_t>(character.bytes));
    }
    return size - bytes.size();
}

std::string normalise_text(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size());
    TextNormaliser normaliser;
    normaliser.append(bytes, text);
    normaliser.finish(text);
    return text;
}

}  // namespace wavlab
