#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// What a denoiser may know of the prompt. text/ makes it, diffusion/ reads it; neither includes
/// the other.
struct Condition {
  at::Tensor tokens{};  // [B, L, D] float32
  at::Tensor mask{};    // [B, L] bool, true = a real token; undefined = attend to all (CLIP models)
};

}  // namespace tessera::nn
