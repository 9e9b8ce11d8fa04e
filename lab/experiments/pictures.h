#pragma once

#include "lab/experiment.h"

// On pictures: scenes of the renderer and dead leaves, with networks that are exact for them.
namespace tessera::lab {

Experiment recognised_noise();
Experiment memorised_pictures();
Experiment dead_leaves_statistics();

}  // namespace tessera::lab
