#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/transition.h"
#include "nn/rng.h"

namespace tessera::train {

/// Which tokens are to be guessed: the masked ones, or all where the chain has no mask. [B, N]
/// bool.
at::Tensor masked_tokens(const diffusion::Transition& transition, const at::Tensor& x_t);

/// -log p(x_0) of each token in nats, [B, N]; logits [B, N, K], x_0 [B, N] int64.
at::Tensor token_cross_entropy(const at::Tensor& logits, const at::Tensor& x0);

/// A canvas with the same share of tokens hidden in every row, and the time that fits it.
struct MaskedCanvas {
  at::Tensor x_t{};    // [B, N] int64
  std::int64_t t = 1;  // the time at which the chain has hidden about that share
};

/// Masks round(share N) tokens of each row, drawn by `rng`; without a mask state x_t is a draw of
/// the chain at t = round(share T). `share` in (0, 1].
MaskedCanvas mask_share(const diffusion::Transition& transition,
                        const at::Tensor& x0,
                        double share,
                        const nn::Rng& rng);

}  // namespace tessera::train
