#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "data/scenes/segmentation.h"

namespace tessera::data {

/// The ten places, to find which one a picture shows and what is behind its object: the nearest of
/// some examples, then its numbers (horizon, hills, sun, dashes) one by one until they fit best.
class PlaceLibrary {
 public:
  explicit PlaceLibrary(int side);

  struct Match {
    int place = -1;
    std::vector<float> background{};  // [3, side, side] levels
  };
  Match nearest(const Picture& picture) const;

 private:
  void fit(const Picture& picture, float best, at::Tensor values, Match& match) const;

  int side_ = 0;
  at::Tensor values_{};            // [place and example, 28] what the examples were drawn from
  std::vector<float> examples_{};  // [place, example, 3, side, side]
};

}  // namespace tessera::data
