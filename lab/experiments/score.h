#pragma once

#include "lab/experiment.h"

// The score: what a denoiser knows of the density, and walking along it.
namespace tessera::lab {

Experiment score_field();
Experiment score_matching();
Experiment langevin_dynamics();

}  // namespace tessera::lab
