#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::diffusion {

/// Classifier-free guidance of log-probabilities, renormalised over the last axis:
/// l_u + scale (l_c - l_u). Both inputs [B, N, K], normalised; scale >= 0.
at::Tensor guide(const at::Tensor& log_conditional,
                 const at::Tensor& log_unconditional,
                 double scale);

}  // namespace tessera::diffusion
