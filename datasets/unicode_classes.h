// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace wavlab {

/// What GPT-2's pattern of words tells apart.
enum class CharacterClass : std::uint8_t {
    other,
    letter,  ///< general category L*
    number,  ///< general category N*
    space,   ///< property White_Space
};

/// The class of a code point in the Unicode version of libutf8proc; what is not assigned there is `other`.
CharacterClass character_class(char32_t code_point);

/// Unicode's simple lower case, one character for one ('İ' is 'i'); the code point itself where it has none.
char32_t lower_case(char32_t code_point);

}  // namespace wavlab
