#pragma once

#include <cstdint>

#include <cuda_runtime.h>

#include "kernels/bfloat16.h"

/// What the kernels over rows share: four numbers at a time, and sums over a warp.
namespace tessera::kernels::cuda {

inline constexpr int kWarp = 32;
inline constexpr unsigned kAllLanes = 0xffffffffu;

__device__ inline float4 load4(const float* from) {
  return *reinterpret_cast<const float4*>(from);
}

__device__ inline float4 load4(const Bfloat16* from) {
  const uint2 bits = *reinterpret_cast<const uint2*>(from);
  // a bfloat16 is the upper half of a float32
  return {__uint_as_float(bits.x << 16),
          __uint_as_float(bits.x & 0xffff0000u),
          __uint_as_float(bits.y << 16),
          __uint_as_float(bits.y & 0xffff0000u)};
}

__device__ inline float wide(float x) {
  return x;
}

__device__ inline float wide(Bfloat16 x) {
  return __uint_as_float(static_cast<unsigned>(x) << 16);
}

__device__ inline void store4(float* to, float4 value) {
  *reinterpret_cast<float4*>(to) = value;
}

/// Two numbers rounded to bfloat16, the nearest even at a tie: the first in the lower half. The
/// instruction itself, since CUDA's own header of the type needs a further package.
__device__ inline unsigned bfloat16_pair(float first, float second) {
#ifdef __CUDACC__
  unsigned bits;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
  return bits;
#else  // in tests/kernels/cuda_on_cpu
  const auto half = [](float x) {
    const unsigned bits = __float_as_uint(x);
    if (std::isnan(x)) return 0x7fffu;
    return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  };
  return half(first) | half(second) << 16;
#endif
}

__device__ inline void store4(Bfloat16* to, float4 value) {
  *reinterpret_cast<uint2*>(to) = {bfloat16_pair(value.x, value.y),
                                   bfloat16_pair(value.z, value.w)};
}

/// The sum of all lanes' values, in every lane; the order does not depend on the lane.
__device__ inline float warp_sum(float value) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(kAllLanes, value, offset);
  }
  return value;
}

__device__ inline float sum4(float4 v) {
  return (v.x + v.y) + (v.z + v.w);
}

}  // namespace tessera::kernels::cuda
