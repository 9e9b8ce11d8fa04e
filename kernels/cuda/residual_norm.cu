// Residual sum, LayerNorm, gain and shift, and their gradient.
//
// Idea: a warp holds a row in registers, so that memory is read once and written once. A block
// belongs to one group (picture): its warps keep the group's gain in registers over all their rows,
// and add the gradients of gain and shift there; one sum over the block's warps at its end, in a
// fixed order. Memory: forwards 4 + e bytes read and 4 + e written a number (e = 4 or 2, the
// products' type), backwards 8 + e read and 4 + e written. The composed operators move 32 and about
// 100. Limit: memory bandwidth, at any width from 128 on. A warp a row and not a block: the rows of
// these networks are 256 to 1408 wide, and a sum over a warp needs no barrier.

#include <type_traits>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/rows.cuh"

namespace tessera::kernels::cuda {
namespace {

constexpr float kEpsilon = 1e-5f;
constexpr int kWarps = 8;        // of a block
constexpr int kForwardRows = 4;  // of a warp, so that a group of 256 fills several multiprocessors

/// The part of a row that a lane holds: kParts times four numbers, 128 apart.
template <int kParts>
struct Held {
  float4 part[kParts];
};

template <int kParts, typename Use>
__device__ inline void for_parts(std::int64_t width, Use use) {
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
#pragma unroll
  for (int i = 0; i < kParts; ++i) {
    const std::int64_t column = (static_cast<std::int64_t>(i) * kWarp + lane) * 4;
    if (column < width) use(i, column);
  }
}

__device__ inline float4 plus(float4 a, float4 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w};
}

__device__ inline float4 times(float4 a, float4 b) {
  return {a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w};
}

/// (v - mean) * inverse
__device__ inline float4 normed(float4 v, float mean, float inverse) {
  return {(v.x - mean) * inverse,
          (v.y - mean) * inverse,
          (v.z - mean) * inverse,
          (v.w - mean) * inverse};
}

template <typename Number, int kParts>
__global__ void __launch_bounds__(kWarps* kWarp) forward(ResidualNorm<Number> a) {
  const std::int64_t group = blockIdx.x;
  const std::int64_t warp = threadIdx.x / kWarp;
  const float size = static_cast<float>(a.width);
  Held<kParts> gain, shift, x;
  for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
    gain.part[i] = load4(a.gain + group * a.gain_stride + column);
    shift.part[i] = load4(a.shift + group * a.gain_stride + column);
  });
  const std::int64_t first = blockIdx.y * static_cast<std::int64_t>(kWarps * kForwardRows) + warp;
  for (int k = 0; k < kForwardRows; ++k) {
    const std::int64_t in_group = first + k * kWarps;
    if (in_group >= a.rows_in_group) return;
    const std::int64_t row = group * a.rows_in_group + in_group;
    const std::int64_t begin = row * a.width;
    float total = 0;
    for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
      x.part[i] = load4(a.residual + begin + column);
      if (a.branch != nullptr) {
        x.part[i] = plus(x.part[i], load4(a.branch + begin + column));
        store4(a.sum + begin + column, x.part[i]);
      }
      total += sum4(x.part[i]);
    });
    const float mean = warp_sum(total) / size;
    float squares = 0;
    for_parts<kParts>(a.width, [&](int i, std::int64_t) {
      const float4 centred = normed(x.part[i], mean, 1.0f);
      squares += sum4(times(centred, centred));
    });
    const float inverse = 1.0f / sqrtf(warp_sum(squares) / size + kEpsilon);
    for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
      const float4 n = normed(x.part[i], mean, inverse);
      store4(a.output + begin + column, plus(times(n, gain.part[i]), shift.part[i]));
    });
    if (threadIdx.x % kWarp == 0) {
      a.mean[row] = mean;
      a.inverse[row] = inverse;
    }
  }
}

/// With n = (s - mean) * inverse and g = grad_output * gain:
/// grad_s = inverse * (g - mean(g) - n * mean(g * n)) + grad_sum.
template <typename Number, int kParts>
__global__ void __launch_bounds__(kWarps* kWarp) backward(ResidualNormGradient<Number> a) {
  const std::int64_t group = blockIdx.x;
  const std::int64_t warp = threadIdx.x / kWarp;
  const float size = static_cast<float>(a.width);
  Held<kParts> gain, grad_gain, grad_shift, n, g;
  for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
    gain.part[i] = load4(a.gain + group * a.gain_stride + column);
    grad_gain.part[i] = grad_shift.part[i] = {0, 0, 0, 0};
  });
  for (std::int64_t in_group = warp; in_group < a.rows_in_group; in_group += kWarps) {
    const std::int64_t row = group * a.rows_in_group + in_group;
    const std::int64_t begin = row * a.width;
    const float mean = a.mean[row];
    const float inverse = a.inverse[row];
    float total = 0;
    float along = 0;
    for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
      n.part[i] = normed(load4(a.sum + begin + column), mean, inverse);
      const float4 grad = load4(a.grad_output + begin + column);
      grad_shift.part[i] = plus(grad_shift.part[i], grad);
      grad_gain.part[i] = plus(grad_gain.part[i], times(grad, n.part[i]));
      g.part[i] = times(grad, gain.part[i]);
      total += sum4(g.part[i]);
      along += sum4(times(g.part[i], n.part[i]));
    });
    const float mean_g = warp_sum(total) / size;
    const float mean_gn = warp_sum(along) / size;
    for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
      const float4 v = g.part[i];
      const float4 m = n.part[i];
      float4 grad = {(v.x - mean_g - m.x * mean_gn) * inverse,
                     (v.y - mean_g - m.y * mean_gn) * inverse,
                     (v.z - mean_g - m.z * mean_gn) * inverse,
                     (v.w - mean_g - m.w * mean_gn) * inverse};
      if (a.grad_sum != nullptr) grad = plus(grad, load4(a.grad_sum + begin + column));
      store4(a.grad_residual + begin + column, grad);
      if (a.grad_branch != nullptr) store4(a.grad_branch + begin + column, grad);
    });
  }

  // Over the block's warps, in their order.
  extern __shared__ float4 shared[];  // [kWarps, width / 4]
  const std::int64_t quads = a.width / 4;
  const auto write_sum = [&](const Held<kParts>& own, float* result) {
    __syncthreads();
    for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
      shared[warp * quads + column / 4] = own.part[i];
    });
    __syncthreads();
    for (std::int64_t q = threadIdx.x; q < quads; q += blockDim.x) {
      float4 sum = shared[q];
      for (int w = 1; w < kWarps; ++w) sum = plus(sum, shared[w * quads + q]);
      store4(result + group * a.width + q * 4, sum);
    }
  };
  write_sum(grad_gain, a.grad_gain);
  write_sum(grad_shift, a.grad_shift);
}

/// Calls launch with the least number of parts that holds a row, as a type.
/// Wider rows than 11 parts would spill: kWidestCudaRow.
template <typename Launch>
void with_parts(std::int64_t width, Launch launch) {
  const std::int64_t parts = (width + 4 * kWarp - 1) / (4 * kWarp);
  if (parts <= 1) {
    launch(std::integral_constant<int, 1>{});
  } else if (parts <= 2) {
    launch(std::integral_constant<int, 2>{});
  } else if (parts <= 4) {
    launch(std::integral_constant<int, 4>{});
  } else if (parts <= 8) {
    launch(std::integral_constant<int, 8>{});
  } else {
    launch(std::integral_constant<int, 11>{});
  }
}

template <typename Number>
const char* launch_forward(const ResidualNorm<Number>& a, std::int64_t groups, void* stream) {
  if (groups == 0 || a.rows_in_group == 0) return nullptr;
  constexpr std::int64_t kRows = kWarps * kForwardRows;
  const dim3 grid(static_cast<unsigned>(groups),
                  static_cast<unsigned>((a.rows_in_group + kRows - 1) / kRows));
  with_parts(a.width, [&](auto parts) {
    forward<Number, parts()><<<grid, kWarps * kWarp, 0, static_cast<cudaStream_t>(stream)>>>(a);
  });
  return launched();
}

template <typename Number>
const char* launch_backward(const ResidualNormGradient<Number>& a,
                            std::int64_t groups,
                            void* stream) {
  if (groups == 0) return nullptr;
  const std::size_t bytes = kWarps * static_cast<std::size_t>(a.width) * sizeof(float);
  const char* failure = nullptr;
  with_parts(a.width, [&](auto parts) {
    constexpr std::size_t kGranted = 48 << 10;  // what a kernel has without asking
    if (bytes > kGranted && cudaFuncSetAttribute(backward<Number, parts()>,
                                                 cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                 static_cast<int>(bytes)) != cudaSuccess) {
      failure = launched();
      return;
    }
    backward<Number, parts()><<<static_cast<unsigned>(groups),
                                kWarps * kWarp,
                                bytes,
                                static_cast<cudaStream_t>(stream)>>>(a);
  });
  return failure != nullptr ? failure : launched();
}

}  // namespace

const char* residual_norm(const ResidualNorm<float>& a, std::int64_t groups, void* stream) {
  return launch_forward(a, groups, stream);
}

const char* residual_norm(const ResidualNorm<Bfloat16>& a, std::int64_t groups, void* stream) {
  return launch_forward(a, groups, stream);
}

const char* residual_norm_gradient(const ResidualNormGradient<float>& a,
                                   std::int64_t groups,
                                   void* stream) {
  return launch_backward(a, groups, stream);
}

const char* residual_norm_gradient(const ResidualNormGradient<Bfloat16>& a,
                                   std::int64_t groups,
                                   void* stream) {
  return launch_backward(a, groups, stream);
}

}  // namespace tessera::kernels::cuda
