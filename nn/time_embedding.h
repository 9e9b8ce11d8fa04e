#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// Sinusoids of positions: position [B] -> [B, width] float32, the sines in the first half, the
/// cosines in the second, at frequencies exp(-ln(10000) i / (width / 2 - 1)), i = 0 … width/2 - 1.
/// REQUIRES: width even, at least 4.
at::Tensor sinusoidal_embedding(const at::Tensor& position, std::int64_t width);

}  // namespace tessera::nn
