#pragma once

#include "lab/experiment.h"

// What networks of diffusion are made of, and what they cost.
namespace tessera::lab {

Experiment unet_sizes();
Experiment time_embedding();

}  // namespace tessera::lab
