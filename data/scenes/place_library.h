#pragma once

#include <vector>

#include "data/scenes/segmentation.h"

namespace tessera::data {

/// Examples of the ten places, to find which one a picture shows and what is behind its object.
class PlaceLibrary {
 public:
  explicit PlaceLibrary(int side);

  struct Match {
    int place = -1;
    Picture background{};  // the nearest example; lives as long as the library
  };
  Match nearest(const Picture& picture) const;

 private:
  int side_ = 0;
  std::vector<float> examples_{};  // [place, example, 3, side, side]
};

}  // namespace tessera::data
