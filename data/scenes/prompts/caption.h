#pragma once

#include <string>
#include <vector>

#include "data/scenes/prompts/scene_asked.h"

namespace tessera::data {

struct Caption {
  std::string text{};                // "" where nothing was asked for that the world has
  std::vector<std::string> notes{};  // one a thing that was asked for and is left out or taken
                                     // otherwise
};

/// Says what was asked for in the words of the world's captions; a scene that the grammar knows
/// becomes its caption, wording kept where the grammar has it.
Caption caption_of(SceneAsked scene, const World& world);

}  // namespace tessera::data
