#pragma once

#include <string>
#include <string_view>

namespace tessera::text {

/// Code points of UTF-8. A pair of surrogates that were encoded apart (CESU-8) becomes the
/// character they mean; every other byte that belongs to no character becomes U+FFFD.
std::u32string code_points(std::string_view utf8);

/// REQUIRES code points that UTF-8 can hold.
std::string utf8(std::u32string_view text);

bool is_letter(char32_t c);  // general category L
bool is_number(char32_t c);  // general category N
bool is_space(char32_t c);   // property White_Space

std::u32string nfc(std::u32string_view text);
std::u32string nfkc(std::u32string_view text);

/// How the capital sigma becomes small at the end of a word.
enum class FinalSigma { kByPosition, kNever };

/// Unicode's full lower case without a language, as Python's str.lower().
std::u32string lower_case(std::u32string_view text, FinalSigma sigma = FinalSigma::kByPosition);

/// Upper case a character at a time, the sharp s and the Latin ligatures as several.
std::u32string upper_case(std::u32string_view text);

}  // namespace tessera::text
