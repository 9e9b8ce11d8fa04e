#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tessera::data {

struct PromptWord {
  std::string text{};        // ASCII letters in lower case; an emoji is a word of its own
  bool after_pause = false;  // a comma, full stop or line break comes before it
};

/// Words of a text: hyphens part them, apostrophes and the s of possession go, other punctuation is
/// a pause or nothing. Bytes that are no UTF-8 count as letters.
std::vector<PromptWord> prompt_words(std::string_view text);

/// One character as UTF-8.
std::string utf8_of(char32_t character);

}  // namespace tessera::data
