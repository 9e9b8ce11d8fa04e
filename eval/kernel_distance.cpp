#include "eval/kernel_distance.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/statistics/draw_rows.h"

namespace tessera::eval {
namespace {

constexpr std::uint32_t kSubsetsOfX = 2;  // RowDraw::use
constexpr std::uint32_t kSubsetsOfY = 3;

at::Tensor kernel(const at::Tensor& x, const at::Tensor& y) {
  const at::Tensor base = x.matmul(y.t()).div_(static_cast<double>(x.size(1))).add_(1.0);
  return base * base * base;
}

/// The mean of k(x_i, x_j) over i != j.
double mean_of_pairs(const at::Tensor& x) {
  const auto n = static_cast<double>(x.size(0));
  const at::Tensor values = kernel(x, x);
  return (values.sum() - values.trace()).item<double>() / (n * (n - 1));
}

void check(const at::Tensor& x, const at::Tensor& y) {
  TESSERA_CHECK(x.dim() == 2 && y.dim() == 2 && x.size(1) == y.size(1) && x.size(1) > 0,
                kShapeMismatch,
                "points must be [m, D] and [n, D], got ",
                x.sizes(),
                " and ",
                y.sizes());
  TESSERA_CHECK(x.size(0) >= 2 && y.size(0) >= 2,
                kInvalidArgument,
                "a kernel distance needs at least 2 pictures on each side, got ",
                x.size(0),
                " and ",
                y.size(0));
}

}  // namespace

double kernel_distance(const at::Tensor& x, const at::Tensor& y) {
  check(x, y);
  const at::Tensor a = x.to(at::kDouble);
  const at::Tensor b = y.to(at::kDouble);
  return mean_of_pairs(a) + mean_of_pairs(b) - 2 * kernel(a, b).mean().item<double>();
}

KernelEstimate kernel_distance_of_subsets(const at::Tensor& x,
                                          const at::Tensor& y,
                                          const KernelOptions& options) {
  check(x, y);
  TESSERA_CHECK(options.subsets >= 1 && options.subset_size >= 2,
                kInvalidArgument,
                "subsets must be at least 1 and subset_size at least 2, got ",
                options.subsets,
                " and ",
                options.subset_size);
  KernelEstimate out{.subsets = options.subsets,
                     .subset_size = std::min({options.subset_size, x.size(0), y.size(0)})};
  const bool whole = out.subset_size == x.size(0) && out.subset_size == y.size(0);
  if (whole) out.subsets = 1;  // every subset would be the same
  std::vector<double> values;
  for (std::int64_t k = 0; k < out.subsets; ++k) {
    const auto rows = [&](std::uint32_t use, const at::Tensor& points) {
      return points.index_select(
          0,
          draw_rows({.seed = options.seed, .use = use, .number = static_cast<std::uint32_t>(k)},
                    points.size(0),
                    out.subset_size));
    };
    values.push_back(kernel_distance(rows(kSubsetsOfX, x), rows(kSubsetsOfY, y)));
  }
  const auto n = static_cast<double>(values.size());
  for (const double value : values) out.mean += value / n;
  double square = 0;
  for (const double value : values) square += (value - out.mean) * (value - out.mean) / n;
  out.deviation = std::sqrt(square);
  return out;
}

}  // namespace tessera::eval
