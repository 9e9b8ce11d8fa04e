#pragma once

#include <vector>

#include "diffusion/gaussian/schedule.h"

namespace tessera::diffusion {

/// beta at t = 1..T of a named curve; only what the curve itself needs is checked.
std::vector<double> curve_betas(const GaussianScheduleOptions& options);
std::vector<std::string> curve_names();

}  // namespace tessera::diffusion
