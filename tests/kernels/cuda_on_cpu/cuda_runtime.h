#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>
#include <utility>

/// The part of CUDA that kernels/cuda and its tests use, on the CPU: the kernels' own sources,
/// compiled against this header, run without a GPU. A thread of a block is a fiber, which runs
/// until it waits for its warp or its block; blocks run one after the other.
///
/// What it sees: whatever a kernel computes; barriers that not all threads reach; lanes that leave
/// a warp's operation; writes behind a block's memory; with another order (`Order`), most reads and
/// writes that no barrier keeps apart. What it does not see: speed, and orders of single
/// instructions.

// --- the language

#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3() = default;
  constexpr dim3(unsigned x_, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

struct alignas(8) uint2 {
  unsigned x, y;
};

struct alignas(16) float4 {
  float x, y, z, w;
};

extern uint3 threadIdx;
extern uint3 blockIdx;
extern dim3 blockDim;
extern dim3 gridDim;

namespace tessera::kernels::cuda {

/// The most that a block may ask for.
inline constexpr std::size_t kBlockBytes = 227 << 10;
extern float4 shared_by_block[];

/// In which order the threads of a block have their turn between two barriers.
enum class Order { kForwards, kBackwards, kMixed };
extern Order order;

/// Runs `thread` for each thread of each block; empty, or what went wrong.
const char* run_grid(dim3 blocks,
                     dim3 threads,
                     std::size_t bytes,
                     const std::function<void()>& thread);

void wait_for_block();

/// What the lane `source` of this warp passes here.
std::uint64_t exchanged(unsigned mask, std::uint64_t passed, unsigned source);

unsigned lane();

template <typename T>
T from_lane(unsigned mask, T passed, unsigned source) {
  static_assert(sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &passed, sizeof(T));
  bits = exchanged(mask, bits, source);
  std::memcpy(&passed, &bits, sizeof(T));
  return passed;
}

}  // namespace tessera::kernels::cuda

inline void __syncthreads() {
  tessera::kernels::cuda::wait_for_block();
}

template <typename T>
T __shfl_sync(unsigned mask, T value, int source) {
  return tessera::kernels::cuda::from_lane(mask, value, static_cast<unsigned>(source) % 32);
}

template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int with) {
  using namespace tessera::kernels::cuda;
  return from_lane(mask, value, lane() ^ static_cast<unsigned>(with));
}

template <typename T>
T __shfl_up_sync(unsigned mask, T value, unsigned by) {
  using namespace tessera::kernels::cuda;
  return from_lane(mask, value, lane() < by ? lane() : lane() - by);
}

inline int __reduce_add_sync(unsigned mask, int value) {
  for (int with = 16; with > 0; with /= 2) value += __shfl_xor_sync(mask, value, with);
  return value;
}

// Fibers do not run at the same time, so these are whole by themselves.
inline int atomicMax(int* at, int value) {
  return std::exchange(*at, std::max(*at, value));
}
inline int atomicMin(int* at, int value) {
  return std::exchange(*at, std::min(*at, value));
}

template <typename T>
T __ldcs(const T* at) {
  return *at;
}
// No product and sum is fused here: compiled with -ffp-contract=off.
inline float __fadd_rn(float a, float b) {
  return a + b;
}
inline float __fsub_rn(float a, float b) {
  return a - b;
}
inline float __fmul_rn(float a, float b) {
  return a * b;
}
inline float __fdividef(float a, float b) {
  return a / b;
}

template <typename To, typename From>
To same_bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(To));
  return to;
}
inline int __float_as_int(float x) {
  return same_bits<int>(x);
}
inline float __int_as_float(int x) {
  return same_bits<float>(x);
}
inline unsigned __float_as_uint(float x) {
  return same_bits<unsigned>(x);
}
inline float __uint_as_float(unsigned x) {
  return same_bits<float>(x);
}

using std::max;
using std::min;

// --- the run-time library

enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2, cudaErrorLaunchFailure = 719 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
using cudaStream_t = struct Stream*;

struct cudaLaunchConfig_t {
  dim3 gridDim{};
  dim3 blockDim{};
  std::size_t dynamicSmemBytes = 0;
  cudaStream_t stream = nullptr;
};

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaMalloc(void** at, std::size_t bytes);
cudaError_t cudaFree(void* at);
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaGetLastError();
const char* cudaGetErrorString(cudaError_t error);

template <typename Kernel>
cudaError_t cudaFuncSetAttribute(Kernel*, cudaFuncAttribute, int bytes) {
  return static_cast<std::size_t>(bytes) <= tessera::kernels::cuda::kBlockBytes
             ? cudaSuccess
             : cudaErrorLaunchFailure;
}

/// Keeps what went wrong in a grid for cudaGetErrorString.
cudaError_t told(const char* failure);

template <typename... Parameters, typename... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config,
                               void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  const std::tuple<Parameters...> kept(std::forward<Arguments>(arguments)...);
  return told(tessera::kernels::cuda::run_grid(
      config->gridDim, config->blockDim, config->dynamicSmemBytes, [&] {
        std::apply(kernel, kept);
      }));
}
