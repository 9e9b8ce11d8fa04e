#include "eval/preprocess/resample_weights.h"

#include <algorithm>
#include <cmath>

namespace tessera::eval {
namespace {

double triangle(double x) {
  return std::max(0.0, 1.0 - std::abs(x));
}

/// Keys (1981), equation 15 with a = -1/2.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1.0;
  if (x < 2.0) return (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return 0.0;
}

}  // namespace

ResampleWeights resample_weights(std::int64_t from, std::int64_t to, PillowFilter filter) {
  const bool bicubic = filter == PillowFilter::kBicubic;
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(scale, 1.0);
  const double radius = (bicubic ? 2.0 : 1.0) * stretch;
  const double shrink = 1.0 / stretch;
  ResampleWeights out{.stride = 2 * static_cast<std::int64_t>(std::ceil(radius)) + 1};
  out.first.resize(static_cast<std::size_t>(to));
  out.count.resize(static_cast<std::size_t>(to));
  out.weight.resize(static_cast<std::size_t>(to * out.stride));
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    // Towards zero, as the conversion to a whole number does in the original.
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - radius + 0.5));
    const auto end = std::min(from, static_cast<std::int64_t>(centre + radius + 0.5));
    double* weight = out.weight.data() + i * out.stride;
    double sum = 0.0;
    for (std::int64_t k = 0; k < end - first; ++k) {
      const double x = (static_cast<double>(k + first) - centre + 0.5) * shrink;
      weight[k] = bicubic ? cubic(x) : triangle(x);
      sum += weight[k];
    }
    for (std::int64_t k = 0; k < end - first && sum != 0.0; ++k) weight[k] /= sum;
    out.first[static_cast<std::size_t>(i)] = first;
    out.count[static_cast<std::size_t>(i)] = end - first;
  }
  return out;
}

}  // namespace tessera::eval
