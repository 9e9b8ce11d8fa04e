#pragma once

#include <memory>

#include "diffusion/discrete/sampler.h"

namespace tessera::diffusion {

/// x_s ~ p(x_s | x_t) with the exact posterior of the stride, so any number of steps walks the very
/// chain that was trained: T steps are the paper's sampler, fewer its strided form (eq. 12).
/// Locked tokens keep what x_t holds, which should be their clean code: under an absorbing chain a
/// code that is seen is clean, and the rest are drawn from the conditional distribution.
std::unique_ptr<const DiscreteSampler> make_ancestral_sampler();

}  // namespace tessera::diffusion
