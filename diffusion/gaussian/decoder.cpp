#include "diffusion/gaussian/decoder.h"

#include <cmath>
#include <numbers>

#include <ATen/ops/special_log_ndtr.h>
#include <ATen/ops/where.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

constexpr double kHalfBin = 1.0 / 255.0;
constexpr double kEdge = 0.999;           // beyond it a pixel is the first or the last
constexpr double kLeastLogGap = -1e-300;  // log(1 - e^x) stays finite

/// A pixel's bin in units of the decoder's deviation, float64.
struct Bin {
  at::Tensor low{};
  at::Tensor high{};
};

Bin bin_of(const at::Tensor& x0, const GaussianMoments& decoder) {
  const at::Tensor scale = (decoder.log_variance.to(at::kDouble) * -0.5).exp();
  const at::Tensor distance = x0.to(at::kDouble) - decoder.mean.to(at::kDouble);
  return {.low = scale * (distance - kHalfBin), .high = scale * (distance + kHalfBin)};
}

/// The published approximation of the cumulative normal.
at::Tensor tanh_cdf(const at::Tensor& x) {
  return 0.5 * (1.0 + (std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x.pow(3))).tanh());
}

}  // namespace

at::Tensor pixel_log_likelihood(const at::Tensor& x0, const GaussianMoments& decoder) {
  const Bin bin = bin_of(x0, decoder);
  // Both ends on the side where the cumulative normal is small and keeps its digits.
  const at::Tensor right = bin.low > 0.0;
  const at::Tensor upper = at::special_log_ndtr(at::where(right, -bin.low, bin.high));
  const at::Tensor lower = at::special_log_ndtr(at::where(right, -bin.high, bin.low));
  const at::Tensor gap = (lower - upper).clamp_max(kLeastLogGap);
  const at::Tensor inside = upper + (-gap.expm1()).log();
  const at::Tensor wide = x0.to(at::kDouble);
  const at::Tensor first = at::special_log_ndtr(bin.high);
  const at::Tensor last = at::special_log_ndtr(-bin.low);
  return at::where(wide < -kEdge, first, at::where(wide > kEdge, last, inside))
      .to(decoder.mean.scalar_type());
}

at::Tensor pixel_log_likelihood_published(const at::Tensor& x0, const GaussianMoments& decoder) {
  const Bin bin = bin_of(x0, decoder);
  const at::Tensor upper = tanh_cdf(bin.high);
  const at::Tensor lower = tanh_cdf(bin.low);
  const at::Tensor wide = x0.to(at::kDouble);
  const at::Tensor mass =
      at::where(wide < -kEdge, upper, at::where(wide > kEdge, 1.0 - lower, upper - lower));
  return mass.clamp_min(1e-12).log().to(decoder.mean.scalar_type());
}

at::Tensor normal_log_density(const at::Tensor& x0, const GaussianMoments& decoder) {
  const at::Tensor distance = x0 - decoder.mean;
  return -0.5 * (std::log(2.0 * std::numbers::pi) + decoder.log_variance +
                 distance * distance * (-decoder.log_variance).exp());
}

at::Tensor from_pixels(const at::Tensor& pixels, at::ScalarType type) {
  TESSERA_CHECK(at::isFloatingType(type),
                kInvalidArgument,
                "pixels become a floating type, got ",
                at::toString(type));
  return pixels.to(type) / 127.5 - 1.0;
}

at::Tensor to_pixels(const at::Tensor& x) {
  return ((x + 1.0) * 127.5).round().clamp(0, 255).to(at::kByte);
}

}  // namespace tessera::diffusion
