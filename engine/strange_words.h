#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tessera::engine {

struct StrangeWord {
  std::string word{};                  // lower case, as met in the prompt
  std::optional<std::string> meant{};  // a known word that it may be a misspelling of
};

/// Words of `prompt` that are not in `vocabulary` (sorted, lower case), each once, in their order.
/// Capitals, punctuation and plural endings do not matter.
std::vector<StrangeWord> strange_words(const std::string& prompt,
                                       std::span<const std::string> vocabulary);

}  // namespace tessera::engine
