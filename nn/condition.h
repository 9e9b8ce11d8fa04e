#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// What a denoiser may know of the prompt. text/ makes it, diffusion/ reads it; neither includes
/// the other.
struct Condition {
  at::Tensor tokens{};  // [B, L, D] float32
  at::Tensor mask{};    // [B, L] bool, true = a real token; undefined = attend to all (CLIP models)
};

/// Rows first … first + count - 1 of the batch.
Condition rows_of(const Condition& condition, std::int64_t first, std::int64_t count);

/// One batch below the other. Where only one of them has a mask, the other's tokens are all real.
Condition concatenate(const Condition& above, const Condition& below);

}  // namespace tessera::nn
