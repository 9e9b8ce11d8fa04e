#pragma once

#include "lab/experiment.h"

// Diffusion over codes: the chain of VQ-Diffusion and D3PM, and what it costs to draw many codes
// at once.
namespace tessera::lab {

Experiment transition_matrices();
Experiment categorical_bits();
Experiment joint_error();
Experiment masking_as_autoregression();

}  // namespace tessera::lab
