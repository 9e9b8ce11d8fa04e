#pragma once

#include "lab/experiment.h"

// Likelihood as code length: pixels, bits, rate against distortion, a code that can be sent.
namespace tessera::lab {

Experiment pixel_decoder();
Experiment bits_per_dimension();
Experiment rate_distortion_curve();
Experiment progressive_code();

}  // namespace tessera::lab
