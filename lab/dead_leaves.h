#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::lab {

/// Pictures of overlapping discs, as leaves lie on the ground: radii have a density falling as
/// r^-3 between two bounds, so that large and small discs cover equal areas and the picture looks
/// alike at every scale; greys are even. Lee, Mumford and Huang 2001; Sohl-Dickstein et al. 2015,
/// section 3.2.
struct DeadLeaves {
  std::int64_t side = 64;  // pixels, 1..256
  double smallest = 2;     // radius in pixels
  double largest = 32;     // radius in pixels, above `smallest`
  std::uint64_t seed = 0;

  void validate() const;  // throws kInvalidArgument
};

/// Pictures first .. first + count - 1: [count, 1, side, side] float32 in [-1, 1]. Laid from the
/// top down until the last pixel is covered, so it is the stationary picture itself.
at::Tensor draw_dead_leaves(const DeadLeaves& options, std::int64_t first, std::int64_t count);

/// P(two pixels `distance` apart show the same disc) = g(d) / (2 g(0) - g(d)), g(d) the mean area
/// that a disc shares with itself moved by d: the picture's correlation. Distance >= 0 in pixels.
double same_leaf_probability(const DeadLeaves& options, double distance);

}  // namespace tessera::lab
