#include "text/token_rows.h"

#include <algorithm>

#include "core/error.h"
#include "io/utf8.h"
#include "text/token_table.h"

namespace tessera::text {
namespace {

using Word = std::span<const Piece>;

std::vector<Word> split_words(std::span<const Piece> pieces) {
  std::vector<Word> words;
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= pieces.size(); ++i) {
    if (i < pieces.size() && !pieces[i].text.starts_with(kSpaceMark)) continue;
    words.push_back(pieces.subspan(begin, i - begin));
    begin = i;
  }
  return words;
}

std::string text_of(Word word) {
  std::string text;
  for (const Piece& piece : word) text += piece.text;
  if (text.starts_with(kSpaceMark)) text.erase(0, kSpaceMark.size());
  return io::repaired_utf8(text);
}

bool is_punctuation(const Piece& piece) {
  return std::all_of(piece.text.begin(), piece.text.end(), [](char c) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  });
}

bool has_own_piece(Word word) {
  while (word.size() > 1 && is_punctuation(word.back())) word = word.first(word.size() - 1);
  return word.size() == 1 && !word.front().fallback;
}

}  // namespace

Tokens make_rows(std::span<const std::vector<Piece>> prompts, std::int64_t length) {
  TESSERA_CHECK(
      length >= 2, kInvalidArgument, "a row of tokens needs a length of at least 2, got ", length);
  Tokens rows{.length = length};
  rows.ids.assign(prompts.size() * static_cast<std::size_t>(length), kPad);
  auto row = rows.ids.begin();
  for (const std::vector<Piece>& prompt : prompts) {
    auto next = row;
    *next++ = kBegin;
    const auto last = row + length - 1;  // kept for <eos>
    std::string cut;
    std::vector<std::string> unknown;
    bool full = prompt.empty();
    for (const Word word : prompt.empty() ? std::vector<Word>{} : split_words(prompt)) {
      full = full || std::ssize(word) > last - next;
      const std::string text = text_of(word);
      if (full) {
        cut += (cut.empty() ? "" : " ") + text;
        continue;
      }
      for (const Piece& piece : word) *next++ = piece.id;
      if (!has_own_piece(word) &&
          std::find(unknown.begin(), unknown.end(), text) == unknown.end()) {
        unknown.push_back(text);
      }
    }
    *next++ = kEnd;
    rows.lengths.push_back(static_cast<std::int32_t>(next - row));
    rows.cut.push_back(std::move(cut));
    rows.unknown.push_back(std::move(unknown));
    row += length;
  }
  return rows;
}

}  // namespace tessera::text
