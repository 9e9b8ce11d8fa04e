#include "data/scenes/prompts/prompt_words.h"

#include <algorithm>

#include "io/utf8.h"

namespace tessera::data {
namespace {

enum class Role { kLetter, kSymbol, kApostrophe, kSpace, kPause, kNothing };

/// The character that begins `text`, which is `length` bytes long.
char32_t decode(std::string_view text, std::size_t length) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  if (length <= 1) return byte(0);
  char32_t character = byte(0) & (0x7FU >> length);
  for (std::size_t k = 1; k < length; ++k) character = (character << 6) | (byte(k) & 0x3FU);
  return character;
}

Role role_of_ascii(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
    return Role::kLetter;
  if (c == '\'' || c == '`') return Role::kApostrophe;
  constexpr std::string_view kPauses = ",.;!?()[]{}|\n\r/\"";
  return kPauses.find(c) != std::string_view::npos ? Role::kPause : Role::kSpace;
}

Role role_of(char32_t c) {
  constexpr char32_t kFirstSymbol = 0x2190;  // arrows, signs and, from U+1F000, most emoji
  constexpr char32_t kLastSign = 0x2BFF;
  if (c < 0x80) return role_of_ascii(static_cast<char>(c));
  if (c == 0x2018 || c == 0x2019 || c == 0x02BC) return Role::kApostrophe;
  if (c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0x1F3FB && c <= 0x1F3FF)) {
    return Role::kNothing;  // joins and variants of emoji
  }
  if (c == 0x2026 || c == 0x3001 || c == 0x3002 || c == 0xFF0C || c == 0x201C || c == 0x201D) {
    return Role::kPause;
  }
  if ((c >= 0xA0 && c <= 0xBF) || (c >= 0x2000 && c <= 0x206F) || c == 0x3000) return Role::kSpace;
  if ((c >= kFirstSymbol && c <= kLastSign) || (c >= 0x1F000 && c <= 0x1FAFF)) return Role::kSymbol;
  return Role::kLetter;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

class Splitter {
 public:
  void letter(std::string_view bytes) {
    if (after_apostrophe_) parts_ = true;
    after_apostrophe_ = false;
    if (parts_) tail_ += bytes;
    std::ranges::transform(bytes, std::back_inserter(word_), lower);
  }
  void apostrophe() {
    if (word_.empty()) return;
    after_apostrophe_ = true;
    tail_.clear();
    parts_ = false;
    before_ = word_.size();
  }
  void finish() {
    if (parts_ && (tail_ == "s" || tail_ == "S")) word_.resize(before_);  // "the dog's"
    if (!word_.empty()) {
      words_.push_back({.text = word_, .after_pause = pause_});
      pause_ = false;
    }
    word_.clear();
    tail_.clear();
    parts_ = after_apostrophe_ = false;
  }
  void pause() { pause_ = !words_.empty(); }
  std::vector<PromptWord> take() { return std::move(words_); }

 private:
  std::vector<PromptWord> words_{};
  std::string word_{};
  std::string tail_{};  // letters since the last apostrophe
  std::size_t before_ = 0;
  bool parts_ = false;
  bool after_apostrophe_ = false;
  bool pause_ = false;
};

}  // namespace

std::string utf8_of(char32_t c) {
  const auto byte = [](char32_t value) {
    return static_cast<char>(static_cast<unsigned char>(value));
  };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F))};
  if (c < 0x10000) {
    return {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F))};
  }
  return {byte(0xF0 | (c >> 18)),
          byte(0x80 | ((c >> 12) & 0x3F)),
          byte(0x80 | ((c >> 6) & 0x3F)),
          byte(0x80 | (c & 0x3F))};
}

std::vector<PromptWord> prompt_words(std::string_view text) {
  Splitter out;
  while (!text.empty()) {
    const std::size_t length = io::utf8_length(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(length, 1));
    switch (length == 0 ? Role::kLetter : role_of(decode(text, length))) {
      case Role::kLetter:
        out.letter(bytes);
        break;
      case Role::kSymbol:
        out.finish();
        out.letter(bytes);
        out.finish();
        break;
      case Role::kApostrophe:
        out.apostrophe();
        break;
      case Role::kPause:
        out.finish();
        out.pause();
        break;
      case Role::kSpace:
        out.finish();
        break;
      case Role::kNothing:
        break;
    }
    text.remove_prefix(bytes.size());
  }
  out.finish();
  return out.take();
}

}  // namespace tessera::data
