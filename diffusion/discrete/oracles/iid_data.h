#pragma once

#include <memory>
#include <vector>

#include "diffusion/denoiser.h"
#include "diffusion/discrete/transition.h"

namespace tessera::diffusion {

/// The best possible network for codes drawn independently with probabilities `law` (K of them, sum
/// 1): log p(x_0 | x_t) proportional to law(x_0) q(x_t | x_0). The transition must outlive it.
std::shared_ptr<DiscreteDenoiser> make_iid_denoiser(const Transition& transition,
                                                    std::vector<double> law);

/// The best possible network for a finite set of equally likely code sequences [P, N] int64: the
/// marginal p(x_0[n] | x_t) of each position, given all positions of x_t.
std::shared_ptr<DiscreteDenoiser> make_finite_codes_denoiser(const Transition& transition,
                                                             const at::Tensor& sequences);

}  // namespace tessera::diffusion
