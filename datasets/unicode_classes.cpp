// SPDX-License-Identifier: GPL-3.0-or-later
#include "datasets/unicode_classes.h"

#include <utf8proc.h>

#include <vector>

namespace wavlab {

namespace {

constexpr char32_t code_point_count = 0x110000;

bool is_white_space(char32_t code_point) {
    switch (code_point) {
        case 0x20:
        case 0x85:
        case 0xA0:
        case 0x1680:
        case 0x2028:
        case 0x2029:
        case 0x202F:
        case 0x205F:
        case 0x3000:
            return true;
        default:
            return (code_point >= 0x9 && code_point <= 0xD) || (code_point >= 0x2000 && code_point <= 0x200A);
    }
}

CharacterClass find_class(char32_t code_point) {
    if (is_white_space(code_point)) return CharacterClass::space;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
            return CharacterClass::letter;
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_NO:
            return CharacterClass::number;
        default:
            return CharacterClass::other;
    }
}

/// One byte a code point, found once: the library's own tables are several times slower to look into.
const std::vector<CharacterClass>& class_table() {
    static const std::vector<CharacterClass> table = [] {
        std::vector<CharacterClass> classes(code_point_count);
        for (char32_t code_point = 0; code_point < code_point_count; ++code_point)
            classes[code_point] = find_class(code_point);
        return classes;
    }();
    return table;
}

}  // namespace

CharacterClass character_class(char32_t code_point) {
    return code_point < code_point_count ? class_table()[code_point] : CharacterClass::other;
}

char32_t lower_case(char32_t code_point) {
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)));
}

}  // namespace wavlab
