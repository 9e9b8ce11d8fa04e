#pragma once

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/process.h"

namespace tessera::diffusion {

/// A Gaussian factor r(x) = N(x; centre, variance) by which a distribution is multiplied
/// (Sohl-Dickstein 2015, section 2.5).
struct GaussianFactor {
  at::Tensor centre{};  // broadcastable to x
  double variance = 1.0;
};

/// N(moments) r^power, normalised. power in [0, 1].
GaussianMoments multiply_exact(const GaussianMoments& moments,
                               const GaussianFactor& r,
                               double power);
/// mean + variance * gradient: the first-order rule.
GaussianMoments multiply_shift(const GaussianMoments& moments, const at::Tensor& gradient);
/// d/dx log r at x.
at::Tensor log_gradient(const GaussianFactor& r, const at::Tensor& x);

}  // namespace tessera::diffusion
