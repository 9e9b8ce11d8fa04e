#pragma once

#include "lab/experiment.h"

namespace tessera::lab {

// From noise to data: what one step back is, and what a chain of them gives.
Experiment predictions();
Experiment reverse_shape();
Experiment approximations();
Experiment entropy_bounds();
Experiment ancestral_sampler();
Experiment injected_noise();
Experiment late_picture();

}  // namespace tessera::lab
