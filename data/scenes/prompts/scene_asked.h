#pragma once

#include <string>
#include <vector>

#include "data/scenes/prompts/lexicon.h"

namespace tessera::data {

/// One kind of thing that a prompt asks for.
struct ThingAsked {
  int noun = -1;    // row of the noun table
  int colour = -1;  // index of kBackgrounds
  int number = 0;   // 0 = not said
  bool plural = false;
  std::string size{};  // the caption's word; "" = not said
  int position = -1;   // 0..8
};

/// What a prompt asks for, before it is known how the world would say it.
struct SceneAsked {
  std::vector<ThingAsked> things{};
  int relation = -1;    // of things[0] to things[1]; -1 = not said
  bool beside = false;  // side by side, no matter which is left
  int place = -1;
  bool grass = false;           // the field by its other name
  int background = -1;          // index of kBackgrounds
  std::string phrase{};         // on, with or against, as said before the background
  std::string opening{};        // of a count
  std::vector<Term> strange{};  // kUnknown and kForeign, in their order
};

/// Reads terms in any order that leaves little doubt: colours and numbers belong to the noun they
/// stand before, else to the one they follow; "background" takes the colour beside it; a position
/// belongs to the thing before it, or, at the beginning of a part, to the one after it; what
/// follows "no" or "without" is left out.
SceneAsked scene_asked(const std::vector<Term>& terms);

}  // namespace tessera::data
