#include "eval/frechet.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/statistics/draw_rows.h"

namespace tessera::eval {
namespace {

constexpr std::uint32_t kSubsetsOfTheLimit = 1;  // RowDraw::use

void check(const Gaussian& gaussian) {
  const at::Tensor& mean = gaussian.mean;
  const at::Tensor& covariance = gaussian.covariance;
  TESSERA_CHECK(mean.dim() == 1 && covariance.dim() == 2 && mean.size(0) >= 1 &&
                    covariance.size(0) == mean.size(0) && covariance.size(1) == mean.size(0),
                kShapeMismatch,
                "a Gaussian needs a mean [D] and a covariance [D, D], got ",
                mean.sizes(),
                " and ",
                covariance.sizes());
  TESSERA_CHECK(
      at::isfinite(mean).all().item<bool>() && at::isfinite(covariance).all().item<bool>(),
      kInvalidArgument,
      "statistics that are not numbers");
}

at::Tensor symmetric(const at::Tensor& matrix) {
  return (matrix + matrix.t()) * 0.5;
}

/// The line y = a + b x through the points; a and its standard error.
std::pair<double, double> intercept(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    mean_x += x[k] / n;
    mean_y += y[k] / n;
  }
  double xx = 0;
  double xy = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    xx += (x[k] - mean_x) * (x[k] - mean_x);
    xy += (x[k] - mean_x) * (y[k] - mean_y);
  }
  const double slope = xy / xx;
  const double value = mean_y - slope * mean_x;
  double rest = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    const double off = y[k] - value - slope * x[k];
    rest += off * off;
  }
  const double variance = n > 2 ? rest / (n - 2) : std::numeric_limits<double>::quiet_NaN();
  return {value, std::sqrt(variance * (1 / n + mean_x * mean_x / xx))};
}

}  // namespace

at::Tensor symmetric_root(const at::Tensor& covariance) {
  const auto [values, vectors] = at::linalg_eigh(symmetric(covariance));
  return (vectors * values.clamp_min(0).sqrt()).matmul(vectors.t());
}

FrechetReference::FrechetReference(Gaussian gaussian)
    : gaussian_((check(gaussian), std::move(gaussian))),
      root_(symmetric_root(gaussian_.covariance)) {}

double FrechetReference::distance(const Gaussian& other) const {
  check(other);
  TESSERA_CHECK(other.mean.sizes() == gaussian_.mean.sizes(),
                kShapeMismatch,
                "statistics of ",
                other.mean.size(0),
                " dimensions cannot be compared with those of ",
                gaussian_.mean.size(0));
  const at::Tensor product = root_.matmul(other.covariance).matmul(root_);
  const double cross =
      at::linalg_eigvalsh(symmetric(product)).clamp_min(0).sqrt().sum().item<double>();
  const double apart = (gaussian_.mean - other.mean).square().sum().item<double>();
  const double traces =
      gaussian_.covariance.trace().item<double>() + other.covariance.trace().item<double>();
  return apart + traces - 2 * cross;
}

double frechet_distance(const Gaussian& a, const Gaussian& b) {
  return FrechetReference(a).distance(b);
}

FrechetLimit frechet_limit(const at::Tensor& points,
                           const FrechetReference& reference,
                           const FrechetLimitOptions& options) {
  const std::int64_t all = points.size(0);
  TESSERA_CHECK(
      all >= 10 && options.points >= 2,
      kInvalidArgument,
      "the limit of the Fréchet distance needs at least 10 pictures and 2 sample sizes, got ",
      all,
      " and ",
      options.points);
  const std::int64_t smallest = std::max<std::int64_t>(2, std::min(options.smallest, all / 2));
  FrechetLimit out;
  std::vector<double> inverse;
  std::vector<double> distances;
  for (std::int64_t k = 0; k < options.points; ++k) {
    const std::int64_t count = smallest + (all - smallest) * k / (options.points - 1);
    const at::Tensor rows = draw_rows(
        {.seed = options.seed, .use = kSubsetsOfTheLimit, .number = static_cast<std::uint32_t>(k)},
        all,
        count);
    const double distance = reference.distance(gaussian_of(points.index_select(0, rows)));
    out.points.push_back({.count = count, .distance = distance});
    inverse.push_back(1.0 / static_cast<double>(count));
    distances.push_back(distance);
  }
  std::tie(out.distance, out.standard_error) = intercept(inverse, distances);
  return out;
}

}  // namespace tessera::eval
