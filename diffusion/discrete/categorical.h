#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/transition.h"
#include "nn/rng.h"

namespace tessera::diffusion {

/// Names the numbers of one draw within a run.
struct DrawKey {
  Purpose purpose = Purpose::kStep;
  std::int64_t step = 0;
};

/// One class a token, log_p [B, N, C], need not be normalised -> [B, N] int64; a class of -inf
/// never comes. Inverts the distribution function at one uniform a token. Recorded noise of [B, N,
/// C] numbers is replayed as it was made, by Gumbel-max: argmax(log p - log(-log u)).
at::Tensor draw_categorical(const at::Tensor& log_p, const nn::Noise& noise, DrawKey key);

/// x_T [rows, tokens] int64 on `device`, one row an image of `noise`.
at::Tensor draw_prior(const Transition& transition,
                      std::int64_t tokens,
                      const nn::Noise& noise,
                      at::Device device);

}  // namespace tessera::diffusion
