#pragma once

#include <memory>

#include "diffusion/gaussian/sampler.h"

namespace tessera::diffusion {

/// DDIM (Song et al. 2021, eq. 12): the noise estimate carries x_t to x_s, plus eta times the
/// ancestral noise. eta = 0 is deterministic.
std::unique_ptr<const GaussianSampler> make_ddim_sampler(const GaussianSamplerOptions& options);

}  // namespace tessera::diffusion
