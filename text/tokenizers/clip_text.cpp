#include "text/tokenizers/clip_text.h"

#include <algorithm>
#include <array>

#include "text/tokenizers/html_entities.h"
#include "text/tokenizers/repair_text.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

/// Runs of white space as one space, none at either end.
std::u32string collapse_spaces(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : text) {
    if (!is_space(c)) {
      out += c;
    } else if (!out.empty() && out.back() != U' ') {
      out += U' ';
    }
  }
  if (out.ends_with(U' ')) out.pop_back();
  return out;
}

/// Equal without regard to case. `pattern` is lower case ASCII; the long s is an s to the pattern.
bool begins_with(std::u32string_view text, std::u32string_view pattern) {
  if (text.size() < pattern.size()) return false;
  return std::equal(pattern.begin(), pattern.end(), text.begin(), [](char32_t p, char32_t c) {
    return p == c || (p == U's' && c == U'\u017F') || (c >= U'A' && c <= U'Z' && p == c + 0x20);
  });
}

bool is_other(char32_t c) {
  return !is_space(c) && !is_letter(c) && !is_number(c);
}

template <typename Is>
std::size_t run(std::u32string_view text, Is&& is) {
  const auto end = std::find_if_not(text.begin(), text.end(), is);
  return static_cast<std::size_t>(end - text.begin());
}

/// Length of the piece that begins `text`, 0 at white space.
std::size_t piece_length(std::u32string_view text) {
  constexpr std::array<std::u32string_view, 9> kFixed{
      kClipStart, kClipEnd, U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};
  for (const std::u32string_view fixed : kFixed) {
    if (begins_with(text, fixed)) return fixed.size();
  }
  if (is_letter(text[0])) return run(text, is_letter);
  return is_number(text[0]) ? 1 : run(text, is_other);
}

}  // namespace

std::u32string clean_clip_text(std::string_view prompt, ClipCleaning cleaning) {
  std::u32string text = code_points(prompt);
  if (cleaning == ClipCleaning::kHuggingFace) {
    return lower_case(collapse_spaces(nfc(text)), FinalSigma::kNever);
  }
  if (cleaning == ClipCleaning::kLowerCaseBefore) text = lower_case(text);
  text = unescape_html(unescape_html(repair_text(text)));
  return lower_case(collapse_spaces(text));
}

std::vector<ClipPiece> split_clip_text(std::u32string_view text) {
  std::vector<ClipPiece> pieces;
  for (std::size_t i = 0; i < text.size();) {
    const std::u32string_view piece = text.substr(i, piece_length(text.substr(i)));
    if (!piece.empty()) {
      const bool special = piece == kClipStart || piece == kClipEnd;
      pieces.push_back({.begin = i, .text = piece, .special = special});
    }
    i += std::max<std::size_t>(piece.size(), 1);
  }
  return pieces;
}

}  // namespace tessera::text
