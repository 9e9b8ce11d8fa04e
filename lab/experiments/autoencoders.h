#pragma once

#include "lab/experiment.h"

// Variational autoencoders, and diffusion as one with many layers and nothing to learn on the way
// up.
namespace tessera::lab {

Experiment linear_autoencoder();
Experiment diffusion_as_autoencoder();

}  // namespace tessera::lab
