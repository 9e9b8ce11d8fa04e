#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "data/scenes/atlas.h"
#include "data/scenes/segmentation.h"

namespace tessera::data {

/// The sprites of some nouns, each reduced to a small grid, to find the one a region shows.
class SpriteLibrary {
 public:
  static constexpr int kGrid = 12;
  static constexpr int kCells = kGrid * kGrid;

  SpriteLibrary(const Atlas& atlas, const std::vector<int>& nouns);

  struct Match {
    int noun = -1;
    int colour = -1;      // nearest object colour of that noun; -1 where it has none
    int any_colour = -1;  // nearest object colour whatever the noun
    float distance = 0;   // mean squared difference of a level
  };

  /// The nearest sprite, in either direction, drawn over the background. A blurred object looks
  /// larger than it is, so the region is also tried a little smaller.
  Match nearest(const Picture& picture, const Picture& background, const Region& region) const;

 private:
  struct Entry {
    int noun = -1;
    int colour = -1;
    float log_aspect = 0;                  // log(height / width) of the visible box
    std::array<float, 4 * kCells> grid{};  // premultiplied RGBA, levels, plane by plane; alpha 0..1
  };
  std::vector<Entry> entries_{};
};

}  // namespace tessera::data
