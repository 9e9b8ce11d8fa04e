#pragma once

#include <array>
#include <string_view>

#include "data/scenes/scene.h"

namespace tessera::data {

/// What can be new about a scene: the classes of held-out keys (docs/formats/scenes.md).
enum class HeldOut : unsigned {
  kBackground,
  kColour,
  kCount,
  kSize,
  kPosition,
  kPair,
  kDirection,
  kPlace,
  kStructure,
};
inline constexpr std::array<std::string_view, 9> kHeldOutNames{
    "background", "colour", "count", "size", "position", "pair", "direction", "place", "structure"};

/// One bit a class that has a held-out key in this scene.
unsigned held_out_classes(const Scene& scene);

/// Does the caption use a phrase that training never shows with this kind?
bool held_out_wording(const Scene& scene);

/// Can a scene of this kind have a key of this class at all?
bool can_hold(Kind kind, HeldOut held);

enum class SplitPart { kAll, kTrain, kHeldOut, kHeldOutClass, kHeldOutWording };

struct Split {
  SplitPart part = SplitPart::kTrain;
  HeldOut held = HeldOut::kBackground;  // of kHeldOutClass

  bool holds(const Scene& scene) const;
  bool suits(Kind kind) const;
};

/// "train", "heldout", "heldout:CLASS", "all". Throws kInvalidArgument listing the known names.
Split parse_split(std::string_view text);

}  // namespace tessera::data
