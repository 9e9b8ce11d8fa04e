#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// What a denoiser may know of the picture that is wanted: a text, a class, or nothing. text/ makes
/// it, diffusion/ reads it; neither includes the other. Every tensor may be undefined.
struct Condition {
  at::Tensor tokens{};  // [B, L, D] float32
  at::Tensor mask{};    // [B, L] bool, true = a real token; undefined = attend to all (CLIP models)
  at::Tensor labels{};  // [B] int64, the class of models that have classes instead of text

  bool defined() const { return tokens.defined() || labels.defined(); }
};

/// Rows first … first + count - 1 of the batch.
Condition rows_of(const Condition& condition, std::int64_t first, std::int64_t count);

/// One batch below the other. Where only one of them has a mask, the other's tokens are all real.
/// Throws kShapeMismatch where one is a text and the other is none, or one a class.
Condition concatenate(const Condition& above, const Condition& below);

}  // namespace tessera::nn
