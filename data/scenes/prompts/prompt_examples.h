#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/scenes/scene.h"
#include "data/scenes/world.h"

namespace tessera::data {

/// A prompt as somebody might write it, and what its picture has to show.
struct PromptExample {
  std::string prompt{};
  std::string caption{};  // what it should be read as
  Scene scene{};          // kind, nouns, colours, variant, background or place; nothing is laid out
};

/// Lines of five fields with tabs between them: prompt, caption, things ("2 cat + apple:red"),
/// where ("top left", "left", "large", "-"), background or place ("-" = not said); # begins a
/// comment. Throws kCorruptFile naming `what`, the line and the field.
std::vector<PromptExample> parse_prompt_examples(std::string_view text, const std::string& what);

/// Does the world have such scenes: their nouns, and a kind that shows this much?
bool holds(const World& world, const Scene& scene);

}  // namespace tessera::data
