#pragma once

#include <memory>

#include "diffusion/gaussian/sampler.h"

namespace tessera::diffusion {

/// DPM-Solver++(2M) (Lu et al. 2022, algorithm 2): second order in log-SNR from the estimates of
/// x_0 of this step and the one before. First order in the first step, and in the last, which ends
/// at 0.
std::unique_ptr<const GaussianSampler> make_dpm_solver_sampler(
    const GaussianSamplerOptions& options);

}  // namespace tessera::diffusion
