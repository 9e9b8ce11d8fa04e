#pragma once

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/evidence.h"

namespace tessera::diffusion {

/// The loss of each token, in nats, [B, N] float64.
struct TokenBound {
  at::Tensor kl{};   // KL(q(x_s | x_t, x_0) || p(x_s | x_t)); -log p(x_0 | x_t) at s = 0
  at::Tensor nll{};  // -log p(x_0 | x_t)
};

/// Closed form for the keep / replace / mask family; differentiable once, in `logits` [B, N, K].
/// One pass of exp over the logits and, where the chain replaces codes, one of log: no posterior is
/// built, and the gradient is written down, not taped. docs/math/discrete.md, section 4.
TokenBound token_bound(const at::Tensor& logits, const at::Tensor& x0, const Evidence& evidence);

}  // namespace tessera::diffusion
