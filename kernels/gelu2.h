#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/targets.h"

namespace tessera::kernels {

/// x * sigmoid(1.702 x) in place: the activation of the VQ-Diffusion networks in one pass over
/// memory, where the composed expression takes three. Number is float or Bfloat16; computed in
/// float32. An infinity or NaN comes out as one (-inf as NaN).
template <typename Number>
struct Gelu2 {
  Number* numbers = nullptr;
};

/// Numbers first ... last - 1.
void gelu2(const Gelu2<float>& args,
           std::int64_t first,
           std::int64_t last,
           Target target = best_target());
void gelu2(const Gelu2<Bfloat16>& args,
           std::int64_t first,
           std::int64_t last,
           Target target = best_target());

}  // namespace tessera::kernels
