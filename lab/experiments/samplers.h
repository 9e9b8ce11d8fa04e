#pragma once

#include "lab/experiment.h"

// From noise to data in fewer steps, or in other ways than the chain's own.
namespace tessera::lab {

Experiment ddim_noise();
Experiment ddim_consistency();
Experiment ddim_inversion();
Experiment solver_order();
Experiment learned_range();
Experiment probability_flow();

}  // namespace tessera::lab
