#pragma once

#include <memory>

#include "diffusion/gaussian/sampler.h"

namespace tessera::diffusion {

/// Annealed Langevin dynamics (Song & Ermon 2019, algorithm 1) on the levels of the chain: at each
/// visited time `langevin_steps` steps x += e/2 score + sqrt(e) z with e = langevin_rate (1 -
/// alpha_bar_t), then x is rescaled to the next level's signal. The last step answers the estimate
/// of x_0 instead of adding noise.
std::unique_ptr<const GaussianSampler> make_langevin_sampler(const GaussianSamplerOptions& options);

}  // namespace tessera::diffusion
