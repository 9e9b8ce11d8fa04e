#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// The activation of the VQ-Diffusion models, x * sigmoid(1.702 x), in place and in one pass:
/// x float32 or bfloat16, contiguous, on the CPU or on a GPU with libtessera_cuda.so, with no
/// gradient wanted.
void gelu2_in_place(const at::Tensor& x);

/// Whether gelu2_in_place() takes `x`.
bool fits_gelu2_in_place(const at::Tensor& x);

}  // namespace tessera::nn
