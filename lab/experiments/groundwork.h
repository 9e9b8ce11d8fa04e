#pragma once

#include "lab/experiment.h"

namespace tessera::lab {

// What the theory stands on: Gaussians, divergences, bounds, gradients of expectations.
Experiment gaussian_densities();
Experiment gaussian_sums();
Experiment kl_divergence();
Experiment markov_chain();
Experiment jensen();
Experiment reparameterisation();
Experiment variational_inference();
Experiment bayes_inversion();

}  // namespace tessera::lab
