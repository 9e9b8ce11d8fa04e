#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

namespace tessera::diffusion {

/// Sinusoids of a time, in the two forms that published networks have: position [B] -> [B, width]
/// float32, width even and at least 4, i = 0 … width/2 - 1.
///   "sine-first" (Ho et al. 2020): sines, then cosines, of position exp(-ln(10000) i / (width/2 -
///   1)).
///   "cosine-first" (Nichol and Dhariwal 2021): cosines, then sines, of position exp(-ln(10000) i /
///   (width/2)).
/// Throws kInvalidArgument for another order or width.
at::Tensor time_sinusoids(const at::Tensor& position, std::int64_t width, const std::string& order);

}  // namespace tessera::diffusion
