#pragma once

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/process.h"

namespace tessera::diffusion {

/// log p(x_0 | x_1) of 8-bit pixels, a number each, nats: the mass of N(mean, exp(log_variance)) in
/// the pixel's bin x +- 1/255; the first bin reaches to -inf, the last to +inf (DDPM eq. 13). x0 in
/// [-1, 1] on the grid k/127.5 - 1. Computed in logarithms: finite and differentiable at any
/// distance.
at::Tensor pixel_log_likelihood(const at::Tensor& x0, const GaussianMoments& decoder);

/// The same with the cumulative normal of the published programs (tanh, probabilities of at least
/// 1e-12), for comparison with published numbers.
at::Tensor pixel_log_likelihood_published(const at::Tensor& x0, const GaussianMoments& decoder);

/// log density of N(mean, exp(log_variance)) at x0, nats: for latents, which have no bins.
at::Tensor normal_log_density(const at::Tensor& x0, const GaussianMoments& decoder);

/// 8-bit pixels [0, 255] (any type) <-> [-1, 1]. to_pixels rounds and clamps, -> uint8.
at::Tensor from_pixels(const at::Tensor& pixels, at::ScalarType type);
at::Tensor to_pixels(const at::Tensor& x);

}  // namespace tessera::diffusion
