#include "text/tokenizers/unicode.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

#include "core/error.h"
#include "io/utf8.h"

namespace tessera::text {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

/// The 16 bits of a surrogate of the half that begins at `half` (0xD800 or 0xDC00), which UTF-8
/// does not allow but some programs write, or 0.
char32_t surrogate_at(std::string_view text, char32_t half) {
  if (text.size() < 3) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) != 0xED || (byte(1) & 0xE0) != 0xA0 || (byte(2) & 0xC0) != 0x80) return 0;
  const char32_t c = 0xD000u | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  return (c & 0xFC00u) == half ? c : 0;
}

std::u32string normalised(std::u32string_view text, int options) {
  const std::string bytes = utf8(text);
  utf8proc_uint8_t* raw = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                   static_cast<utf8proc_ssize_t>(bytes.size()),
                   &raw,
                   static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
  TESSERA_CHECK(size >= 0, kInternal, "utf8proc: ", utf8proc_errmsg(size));
  return code_points({reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size)});
}

bool is_cased(char32_t c) {
  const utf8proc_category_t kind = category(c);
  const auto point = static_cast<utf8proc_int32_t>(c);
  return kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LL ||
         kind == UTF8PROC_CATEGORY_LT || utf8proc_islower(point) != 0 ||
         utf8proc_isupper(point) != 0;
}

/// Property Case_Ignorable: marks, formats, modifiers, and punctuation inside words.
bool is_case_ignorable(char32_t c) {
  constexpr std::u32string_view kInsideWords =
      U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return kInsideWords.find(c) != std::u32string_view::npos;
  }
}

/// Does a letter with case stand before position `i` and none behind it, marks passed over?
bool ends_word(std::u32string_view text, std::size_t i) {
  std::size_t before = i;
  while (before > 0 && is_case_ignorable(text[before - 1])) --before;
  std::size_t behind = i + 1;
  while (behind < text.size() && is_case_ignorable(text[behind])) ++behind;
  return before > 0 && is_cased(text[before - 1]) &&
         (behind == text.size() || !is_cased(text[behind]));
}

}  // namespace

std::u32string code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = io::utf8_length(text);
    const char32_t high = length == 0 ? surrogate_at(text, 0xD800) : 0;
    const char32_t low = high != 0 ? surrogate_at(text.substr(3), 0xDC00) : 0;
    if (low != 0) {
      out += 0x10000 + ((high & 0x3FFu) << 10 | (low & 0x3FFu));
      text.remove_prefix(6);
    } else if (length == 0) {
      out += kReplacement;
      text.remove_prefix(1);
    } else {
      constexpr std::array<unsigned, 5> kLead{0, 0x7F, 0x1F, 0x0F, 0x07};
      char32_t c = static_cast<unsigned char>(text[0]) & kLead.at(length);
      for (std::size_t i = 1; i < length; ++i) {
        c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
      }
      out += c;
      text.remove_prefix(length);
    }
  }
  return out;
}

std::string utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80u | (c >> shift & 0x3Fu)); };
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0u | c >> 6);
      tail(0);
    } else if (c < 0x10000) {
      out += static_cast<char>(0xE0u | c >> 12);
      tail(6);
      tail(0);
    } else {
      out += static_cast<char>(0xF0u | c >> 18);
      tail(12);
      tail(6);
      tail(0);
    }
  }
  return out;
}

bool is_letter(char32_t c) {
  const utf8proc_category_t kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

bool is_number(char32_t c) {
  const utf8proc_category_t kind = category(c);
  return kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
}

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::u32string nfc(std::u32string_view text) {
  constexpr char32_t kFirstThatCombines = 0x300;
  const auto plain = [](char32_t c) { return c < kFirstThatCombines; };
  if (std::all_of(text.begin(), text.end(), plain)) return std::u32string(text);
  return normalised(text, 0);
}

std::u32string nfkc(std::u32string_view text) {
  return normalised(text, UTF8PROC_COMPAT);
}

std::u32string lower_case(std::u32string_view text, FinalSigma sigma) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == U'\u0130') {
      out += U"i\u0307";
    } else if (c == U'\u03A3' && sigma == FinalSigma::kByPosition && ends_word(text, i)) {
      out += U'\u03C2';
    } else {
      out += static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return out;
}

std::u32string upper_case(std::u32string_view text) {
  constexpr std::array<std::u32string_view, 5> kLigatures{U"FF", U"FI", U"FL", U"FFI", U"FFL"};
  std::u32string out;
  for (const char32_t c : text) {
    if (c == U'\u00DF') {
      out += U"SS";
    } else if (c == U'\u0149') {
      out += U"\u02BCN";
    } else if (c >= 0xFB00 && c <= 0xFB04) {
      out += kLigatures.at(c - 0xFB00);
    } else {
      out += static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
    }
  }
  return out;
}

}  // namespace tessera::text
