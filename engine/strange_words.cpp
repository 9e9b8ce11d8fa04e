#include "engine/strange_words.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/spelling.h"

namespace tessera::engine {
namespace {

std::vector<std::string> words_of(const std::string& prompt) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    while (!word.empty() && (word.back() == '-' || word.back() == '\'')) word.pop_back();
    if (!word.empty()) words.push_back(word);
    word.clear();
  };
  for (const char c : prompt) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || std::isalnum(byte) != 0 || (!word.empty() && (c == '-' || c == '\''))) {
      word += byte < 0x80 ? static_cast<char>(std::tolower(byte)) : c;
    } else {
      finish();
    }
  }
  finish();
  return words;
}

bool known_in_some_number(const std::string& word, std::span<const std::string> vocabulary) {
  const auto has = [&](const std::string& form) {
    return std::binary_search(vocabulary.begin(), vocabulary.end(), form);
  };
  if (has(word) || has(word + "s") || has(word + "es")) return true;
  if (word.ends_with("ies") && has(word.substr(0, word.size() - 3) + "y")) return true;
  if (word.ends_with("es") && has(word.substr(0, word.size() - 2))) return true;
  return word.ends_with("s") && has(word.substr(0, word.size() - 1));
}

}  // namespace

std::vector<StrangeWord> strange_words(const std::string& prompt,
                                       std::span<const std::string> vocabulary) {
  constexpr std::size_t kMostSuggestions = 16;  // a wrong language needs no guess a word
  std::vector<StrangeWord> strange;
  std::set<std::string> met;
  for (const std::string& word : words_of(prompt)) {
    if (!met.insert(word).second || known_in_some_number(word, vocabulary)) continue;
    strange.push_back({.word = word});
    if (strange.size() <= kMostSuggestions) strange.back().meant = nearest_word(word, vocabulary);
  }
  return strange;
}

}  // namespace tessera::engine
