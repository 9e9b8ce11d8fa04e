#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/philox.h"
#include "data/scenes/scenes.h"
#include "data/scenes/split.h"

namespace tessera::data {

/// Which single thing of a caption is said wrongly.
enum class Swap : unsigned char {
  kColour,     // the colour of an object, or of the background where objects have none
  kNoun,       // one noun is another one
  kPosition,   // another of the nine positions
  kDirection,  // left for right, above for below
  kBinding,    // two colours of the caption change places
  kCount,      // another number
  kSize,       // large for small
  kPlace,      // another place
};
inline constexpr int kSwapCount = 8;
inline constexpr std::array<std::string_view, kSwapCount> kSwapNames{
    "colour", "noun", "position", "direction", "binding", "count", "size", "place"};

struct SwappedCaption {
  Swap swap = Swap::kColour;
  std::string text{};
};

/// Captions that are false of a scene's picture in one attribute and true in every other: the hard
/// negatives of contrastive training and the wrong choices of its test. They are said by the
/// grammar that says the true ones, so the wording gives nothing away. In a world whose split is
/// "train" they hold no held-out key either: training would meet those as wrong captions alone, and
/// learn that they always are.
class CaptionSwaps {
 public:
  /// Nouns of `world` alone are put in the place of others. Throws as open_scenes().
  explicit CaptionSwaps(const SceneOptions& world);

  /// One caption of each kind that the scene of row `row` allows, in the order of Swap; what it
  /// says instead is drawn from the stream `key`.
  std::vector<SwappedCaption> of(const SceneProgram& scenes,
                                 std::int64_t row,
                                 const RngKey& key) const;

 private:
  std::vector<int> nouns_{};
  std::vector<int> recolourable_{};
  Split split_{};
};

}  // namespace tessera::data
