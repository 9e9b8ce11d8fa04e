#pragma once

#include "lab/experiment.h"

// What is measured of sets of pictures, and how far it can be trusted.
namespace tessera::lab {

Experiment frechet_bias();
Experiment overlap_scores();

}  // namespace tessera::lab
