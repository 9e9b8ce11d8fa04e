#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// AdaLN: LN(x) * (1 + scale) + shift, LN over the last axis without weights, eps 1e-5.
/// x [B, N, D]; modulation [B, 2D] or [1, 2D], the scale first, then the shift.
at::Tensor adaptive_layer_norm(const at::Tensor& x, const at::Tensor& modulation);

}  // namespace tessera::nn
