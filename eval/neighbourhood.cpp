#include "eval/neighbourhood.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kBlock = 256;  // rows whose distances to all others are held at once

/// Squared distances of rows of `a` to all of `b`. Both are near their common mean, which keeps the
/// difference of squares from cancelling.
at::Tensor squared_distances(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor squares = a.square().sum(1, true) + b.square().sum(1);
  return at::addmm(squares, a, b.t(), 1.0, -2.0).clamp_min_(0.0);
}

/// Squared distance of each point to its k-th neighbour. [n]
at::Tensor radii(const at::Tensor& points, std::int64_t k) {
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < points.size(0); first += kBlock) {
    const std::int64_t rows = std::min(kBlock, points.size(0) - first);
    const at::Tensor distances = squared_distances(points.narrow(0, first, rows), points);
    distances.narrow(1, first, rows).fill_diagonal_(std::numeric_limits<double>::infinity());
    parts.push_back(std::get<0>(distances.kthvalue(k, 1)));
  }
  return at::cat(parts);
}

}  // namespace

NeighbourhoodScores neighbourhood_scores(const at::Tensor& real,
                                         const at::Tensor& generated,
                                         std::int64_t k) {
  TESSERA_CHECK(real.dim() == 2 && generated.dim() == 2 && real.size(1) == generated.size(1),
                kShapeMismatch,
                "points must be [n, D] and [m, D], got ",
                real.sizes(),
                " and ",
                generated.sizes());
  const std::int64_t fewest = std::min(real.size(0), generated.size(0));
  TESSERA_CHECK(k >= 1 && k < fewest,
                kInvalidArgument,
                "the k of nearest neighbours must be at least 1 and below the number of pictures (",
                fewest,
                "), got ",
                k);
  const at::Tensor centre = real.to(at::kDouble).mean(0);
  const at::Tensor x = real.to(at::kDouble) - centre;
  const at::Tensor y = generated.to(at::kDouble) - centre;
  const at::Tensor radius_x = radii(x, k);
  const at::Tensor radius_y = radii(y, k);
  at::Tensor covered = at::zeros({x.size(0)}, at::kBool);   // real balls with a generated point
  at::Tensor recalled = at::zeros({x.size(0)}, at::kBool);  // real points in a generated ball
  double precise = 0;
  double inside = 0;
  for (std::int64_t first = 0; first < y.size(0); first += kBlock) {
    const std::int64_t rows = std::min(kBlock, y.size(0) - first);
    const at::Tensor distances = squared_distances(y.narrow(0, first, rows), x);  // [rows, n]
    const at::Tensor in_real = distances <= radius_x;
    precise += in_real.any(1).sum().item<double>();
    inside += in_real.sum().item<double>();
    covered.logical_or_(in_real.any(0));
    recalled.logical_or_((distances <= radius_y.narrow(0, first, rows).unsqueeze(1)).any(0));
  }
  const auto n = static_cast<double>(x.size(0));
  const auto m = static_cast<double>(y.size(0));
  return {.precision = precise / m,
          .recall = recalled.sum().item<double>() / n,
          .density = inside / (static_cast<double>(k) * m),
          .coverage = covered.sum().item<double>() / n};
}

}  // namespace tessera::eval
