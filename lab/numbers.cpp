#include "lab/numbers.h"

#include <cmath>

#include <ATen/ops/abs.h>
#include <ATen/ops/max.h>
#include <ATen/ops/sub.h>

#include "core/error.h"

namespace tessera::lab {

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  TESSERA_CHECK(
      a.sizes() == b.sizes(), kShapeMismatch, "shapes ", a.sizes(), " and ", b.sizes(), " differ");
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

double log_slope(const std::vector<double>& x, const std::vector<double>& y) {
  TESSERA_CHECK(x.size() == y.size() && x.size() >= 2,
                kInvalidArgument,
                "a slope needs two points at least, got ",
                x.size(),
                " and ",
                y.size());
  const auto count = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += std::log(x[i]) / count;
    mean_y += std::log(y[i]) / count;
  }
  double above = 0;
  double below = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    above += (std::log(x[i]) - mean_x) * (std::log(y[i]) - mean_y);
    below += (std::log(x[i]) - mean_x) * (std::log(x[i]) - mean_x);
  }
  return above / below;
}

}  // namespace tessera::lab
