#pragma once

#include <cstdint>

#include "diffusion/discrete/transition.h"

namespace tessera::lab {

/// Mask 0.9 t/T, replaced 0.1 t/T, kept the rest.
diffusion::TransitionOptions evenly(std::int64_t steps);

}  // namespace tessera::lab
