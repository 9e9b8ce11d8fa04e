#pragma once

#include <memory>

#include "diffusion/gaussian/sampler.h"

namespace tessera::diffusion {

/// p(x_s | x_t) = N(posterior mean at the estimate of x_0, sigma^2) (DDPM algorithm 2; strided:
/// Improved DDPM section 4). The variance is the network's own unless the options name one.
std::unique_ptr<const GaussianSampler> make_ancestral_gaussian_sampler(
    const GaussianSamplerOptions& options, GaussianVariance network);

}  // namespace tessera::diffusion
