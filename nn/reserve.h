#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <torch/nn/module.h>

namespace tessera::nn {

/// Gives every floating-point parameter and buffer of `module` fresh storage of `type` on `device`.
/// The values are lost: for a network that was just made and is about to be loaded. What was not
/// yet touched stays so, so a network in bfloat16 never needs the memory of one in float32.
void reserve(torch::nn::Module& module, at::ScalarType type, at::Device device = at::kCPU);

}  // namespace tessera::nn
