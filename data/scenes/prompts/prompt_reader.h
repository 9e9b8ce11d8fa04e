#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/scenes/scenes.h"

namespace tessera::data {

/// A word that was passed over.
struct StrangePromptWord {
  std::string word{};                  // lower case, as met
  std::optional<std::string> meant{};  // a known word that it may be a misspelling of
};

struct PromptReading {
  std::string caption{};                     // "" where the prompt names nothing that the world has
  std::vector<StrangePromptWord> strange{};  // each once, in their order
  std::vector<std::string> notes{};  // what was understood and cannot be drawn as it was said
};

/// Reads free English, and says what it asks for as a caption of one world would: "Kitty, RED
/// background!" -> "a cat on a red background". A caption of the world is returned as it stands.
/// docs/prompts.md.
class PromptReader {
 public:
  virtual ~PromptReader() = default;
  virtual PromptReading read(const std::string& prompt) const = 0;
};
std::unique_ptr<const PromptReader> make_prompt_reader(const SceneOptions& world);

}  // namespace tessera::data
