#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/time_step.h"

namespace tessera::diffusion {
class GaussianDenoiser;
class GaussianProcess;
class GaussianSampler;
}  // namespace tessera::diffusion

namespace tessera::lab {

/// Mean and variance of one number.
struct Moments {
  double mean = 0.0;
  double variance = 1.0;
};

/// How a stride carries one number where the network is linear in it: x_s = slope x_t + offset +
/// noise z.
struct AffineStep {
  double slope = 0.0;
  double offset = 0.0;
  double noise = 0.0;
  Moments carry(const Moments& x) const;
};

/// What a sampler is run with.
struct ChainParts {
  const diffusion::GaussianProcess& process;
  diffusion::GaussianDenoiser& denoiser;
  const diffusion::GaussianSampler& sampler;
};

/// The stride as the sampler takes it, measured on the pictures of one number 0, 1 (no noise) and 0
/// (noise 1): exact, where a Monte Carlo estimate would need millions of draws. No threshold.
AffineStep measure_step(const ChainParts& parts, const diffusion::TimeStep& time);

/// Law of x_0 where x at the plan's first time has the law `start`. For samplers without memory.
Moments measure_law(const ChainParts& parts,
                    const std::vector<diffusion::TimeStep>& plan,
                    const Moments& start);

/// (mean difference)^2 + (difference of deviations)^2: Fréchet distance of two normal laws.
double frechet(const Moments& a, const Moments& b);

}  // namespace tessera::lab
