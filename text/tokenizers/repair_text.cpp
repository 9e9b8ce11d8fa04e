#include "text/tokenizers/repair_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include <utf8proc.h>

#include "text/tokenizers/code_pages.h"
#include "text/tokenizers/html_entities.h"
#include "text/tokenizers/mojibake.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

constexpr char32_t kEscape = 0x1B;

/// Ligatures of Latin letters that are a matter of type, and digraphs of old encodings.
std::u32string_view split_ligature(char32_t c) {
  constexpr auto kSplit = std::to_array<std::pair<char32_t, std::u32string_view>>({
      {U'\u0132', U"IJ"},      {U'\u0133', U"ij"},      {U'\u0149', U"\u02BCn"},
      {U'\u01C4', U"D\u017D"}, {U'\u01C5', U"D\u017E"}, {U'\u01C6', U"d\u017E"},
      {U'\u01C7', U"LJ"},      {U'\u01C8', U"Lj"},      {U'\u01C9', U"lj"},
      {U'\u01CA', U"NJ"},      {U'\u01CB', U"Nj"},      {U'\u01CC', U"nj"},
      {U'\u01F1', U"DZ"},      {U'\u01F2', U"Dz"},      {U'\u01F3', U"dz"},
      {U'\uFB00', U"ff"},      {U'\uFB01', U"fi"},      {U'\uFB02', U"fl"},
      {U'\uFB03', U"ffi"},     {U'\uFB04', U"ffl"},     {U'\uFB05', U"\u017Ft"},
      {U'\uFB06', U"st"},
  });
  const auto found =
      std::find_if(kSplit.begin(), kSplit.end(), [c](const auto& row) { return row.first == c; });
  return found == kSplit.end() ? std::u32string_view() : found->second;
}

bool is_unwanted_control(char32_t c) {
  return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F ||
         (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

/// One character of the steps that look at nothing else; line ends and escapes come later.
void append_plain(std::u32string& out, char32_t c) {
  c = windows_1252_of_control(c);
  const std::u32string_view ligature = split_ligature(c);
  if (!ligature.empty()) {
    // U+02BC, the first of the split U+0149, is a curly quote for the step after
    for (const char32_t part : ligature) out += part == U'\u02BC' ? U'\'' : part;
  } else if (c == 0x3000) {
    out += U' ';
  } else if (c >= 0xFF01 && c <= 0xFFEF) {
    out += nfkc({&c, 1});
  } else if (c == 0x02BC || (c >= 0x2018 && c <= 0x201B)) {
    out += U'\'';
  } else if (c >= 0x201C && c <= 0x201F) {
    out += U'"';
  } else {
    out += c;
  }
}

std::u32string with_plain_line_ends(std::u32string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t c = text[i];
    if (c == U'\r' && i + 1 < text.size() && text[i + 1] == U'\n') continue;
    out += c == U'\r' || c == 0x2028 || c == 0x2029 ? U'\n' : c;
  }
  return out;
}

/// Length of ESC "[" numbers and ";" letter at the begin of `text`, or 0.
std::size_t escape_length(std::u32string_view text) {
  if (text.size() < 3 || text[0] != kEscape || text[1] != U'[') return 0;
  std::size_t i = 2;
  const auto is_number_or_semicolon = [](char32_t c) {
    return c == U';' || utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND;
  };
  while (i < text.size() && is_number_or_semicolon(text[i])) ++i;
  const bool letter = i < text.size() && ((text[i] >= U'a' && text[i] <= U'z') ||
                                          (text[i] >= U'A' && text[i] <= U'Z'));
  return letter ? i + 1 : 0;
}

std::u32string without_controls(std::u32string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t escape = escape_length(text.substr(i));
    if (escape == 0 && !is_unwanted_control(text[i])) out += text[i];
    i += std::max<std::size_t>(escape, 1);
  }
  return out;
}

std::u32string repair_once(std::u32string_view text, bool html) {
  const std::u32string decoded =
      fix_encoding(html ? unescape_plain_html(text) : std::u32string(text));
  std::u32string plain;
  plain.reserve(decoded.size());
  for (const char32_t c : decoded) append_plain(plain, c);
  return nfc(without_controls(with_plain_line_ends(plain)));
}

}  // namespace

std::u32string repair_text(std::u32string_view text) {
  constexpr std::size_t kLongestSegment = 1'000'000;
  std::u32string out;
  bool html = true;
  while (!text.empty()) {
    const std::size_t line_end = text.find(U'\n');
    const std::size_t line = line_end == text.npos ? text.size() : line_end + 1;
    std::u32string before(text.substr(0, std::min(line, kLongestSegment)));
    text.remove_prefix(before.size());
    html = html && before.find(U'<') == before.npos;
    for (;;) {
      std::u32string after = repair_once(before, html);
      if (after == before) break;
      before = std::move(after);
    }
    out += before;
  }
  return out;
}

}  // namespace tessera::text
