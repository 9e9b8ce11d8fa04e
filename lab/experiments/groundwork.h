#pragma once

#include "lab/experiment.h"

namespace tessera::lab {

// What the theory stands on: Gaussians, divergences, bounds, gradients of expectations.
Experiment gaussian_densities();

}  // namespace tessera::lab
