#pragma once

#include "diffusion/denoisers/unet_options.h"

namespace tessera::lab {

/// Multiply-additions of one forward pass of one picture: convolutions, dense layers and the two
/// products of attention. Without a condition, or of classes.
double unet_multiply_adds(const diffusion::UNetOptions& options);

}  // namespace tessera::lab
