#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// How two sets of points overlap, seen through balls around each point that reach to its k-th
/// neighbour in its own set (closed balls; the point itself is no neighbour).
struct NeighbourhoodScores {
  double precision = 0;  // share of generated points in some real ball
  double recall = 0;     // share of real points in some generated ball
  double density = 0;    // real balls that a generated point lies in, over k; about 1, may be above
  double coverage = 0;   // share of real balls that hold a generated point
};

/// Precision and recall: Kynkäänniemi et al., NeurIPS 2019; density and coverage: Naeem et al.,
/// ICML 2020, equations 4 and 5. `real` [n, D], `generated` [m, D]; float64 distances, in blocks.
/// Throws kShapeMismatch; kInvalidArgument where k is not in 1..n-1 and 1..m-1.
NeighbourhoodScores neighbourhood_scores(const at::Tensor& real,
                                         const at::Tensor& generated,
                                         std::int64_t k);

}  // namespace tessera::eval
