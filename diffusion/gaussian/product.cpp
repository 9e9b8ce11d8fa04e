#include "diffusion/gaussian/product.h"

#include <cmath>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

void check_factor(const GaussianFactor& r) {
  TESSERA_CHECK(std::isfinite(r.variance) && r.variance > 0.0,
                kInvalidArgument,
                "the variance of a factor must be above 0, got ",
                r.variance);
}

}  // namespace

GaussianMoments multiply_exact(const GaussianMoments& moments,
                               const GaussianFactor& r,
                               double power) {
  check_factor(r);
  TESSERA_CHECK(std::isfinite(power) && power >= 0.0 && power <= 1.0,
                kInvalidArgument,
                "the power of a factor must be in [0, 1], got ",
                power);
  const at::Tensor variance = moments.log_variance.exp();
  // Precisions add; written so that a variance of 0 stays one.
  const at::Tensor share = 1.0 + variance * (power / r.variance);
  const at::Tensor pull = variance * (power / r.variance) / share;
  return {.mean = moments.mean / share + pull * r.centre,
          .log_variance = moments.log_variance - share.log()};
}

GaussianMoments multiply_shift(const GaussianMoments& moments, const at::Tensor& gradient) {
  return {.mean = moments.mean + moments.log_variance.exp() * gradient,
          .log_variance = moments.log_variance};
}

at::Tensor log_gradient(const GaussianFactor& r, const at::Tensor& x) {
  check_factor(r);
  return (r.centre - x) / r.variance;
}

}  // namespace tessera::diffusion
