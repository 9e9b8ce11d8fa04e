#pragma once

#include "lab/experiment.h"

// Using the chain from the middle, or bending it: sharing, mixing, multiplying, filling in.
namespace tessera::lab {

Experiment shared_noise();
Experiment interpolation();
Experiment multiplied_distributions();
Experiment inpainting();
Experiment denoising_posterior();

}  // namespace tessera::lab
