#pragma once

#include "lab/experiment.h"

// The families of generative models on one task.
namespace tessera::lab {

Experiment five_families();
Experiment coupling_flow();

}  // namespace tessera::lab
