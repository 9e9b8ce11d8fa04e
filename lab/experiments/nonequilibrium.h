#pragma once

#include "lab/experiment.h"

// "Deep unsupervised learning using nonequilibrium thermodynamics" (Sohl-Dickstein et al. 2015).
namespace tessera::lab {

Experiment swiss_roll();
Experiment bernoulli_bits();
Experiment heartbeat();
Experiment learned_heartbeat();

}  // namespace tessera::lab
