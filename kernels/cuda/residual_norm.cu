// Residual sum, LayerNorm, gain and shift, and their gradient.
//
// Idea: a warp holds a row in registers, so that memory is read once and written once. A warp a row
// and not a block: the rows of these networks are 256 to 1408 wide, and a sum over a warp needs no
// barrier. Gain and shift of a group (picture) stay in registers over a warp's rows where rows are
// short; those of long rows come from the nearest cache each time, since with them a
// multiprocessor would hold one block alone. Memory: forwards 4 + e bytes read and 4 + e written a
// number (e = 4 or 2, the products' type), backwards 8 + e read and 4 + e written. The composed
// operators move 32 and about 100. Limit: memory bandwidth, at any width from 128 on.
//
// The gradients of gain and shift are sums over a group's rows, always in the same order. Of many
// groups each has a block, whose warps keep them in registers beside the rest and are summed at its
// end. Few groups would leave most of the device idle: their rows are spread over all of it, and a
// second kernel reads sums and gradients once more (4 + e bytes) and adds them up, some columns a
// block.

#include <algorithm>
#include <type_traits>

#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/rows.cuh"

namespace tessera::kernels::cuda {
namespace {

constexpr float kEpsilon = 1e-5f;
constexpr int kWarps = 8;              // of a block
constexpr std::int64_t kBlocks = 264;  // two for each multiprocessor of a large device
constexpr std::int64_t kMostRows = 4;  // of a warp, where all multiprocessors have work
constexpr int kWarpsOfColumns = 16;    // of a block that sums columns

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

/// A group's gain or shift.
template <int kParts>
class GroupRow {
 public:
  __device__ GroupRow(const float* from, std::int64_t width) : from_(from) {
    if constexpr (kHeld) {
      for_parts<kParts>(width,
                        [&](int i, std::int64_t column) { held_.part[i] = load4(from + column); });
    }
  }
  __device__ float4 operator()(int part, std::int64_t column) const {
    if constexpr (kHeld) return held_.part[part];
    return load4(from_ + column);
  }

 private:
  static constexpr bool kHeld = kParts <= 4;
  const float* from_;
  Held<kHeld ? kParts : 1> held_;
};

/// (v - mean) * inverse
__device__ inline float4 normed(float4 v, float mean, float inverse) {
  return {(v.x - mean) * inverse,
          (v.y - mean) * inverse,
          (v.z - mean) * inverse,
          (v.w - mean) * inverse};
}

template <typename Number, int kParts>
__global__ void __launch_bounds__(kWarps* kWarp, 2) forward(ResidualNorm<Number> a) {
  const std::int64_t group = blockIdx.x;
  const std::int64_t warp = threadIdx.x / kWarp;
  const float size = static_cast<float>(a.width);
  const GroupRow<kParts> gain(a.gain + group * a.gain_stride, a.width);
  const GroupRow<kParts> shift(a.shift + group * a.gain_stride, a.width);
  Held<kParts> x;
  for (std::int64_t in_group = blockIdx.y * kWarps + warp; in_group < a.rows_in_group;
       in_group += gridDim.y * kWarps) {
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
      store4(a.output + begin + column, plus(times(n, gain(i, column)), shift(i, column)));
    });
    if (threadIdx.x % kWarp == 0) {
      a.mean[row] = mean;
      a.inverse[row] = inverse;
    }
  }
}

/// With n = (s - mean) * inverse and g = grad_output * gain:
/// grad_s = inverse * (g - mean(g) - n * mean(g * n)) + grad_sum.
/// kWhole: a block has all rows of its group, and sums the gradients of gain and shift too.
template <typename Number, int kParts, bool kWhole>
__global__ void __launch_bounds__(kWarps* kWarp) backward(ResidualNormGradient<Number> a) {
  const std::int64_t group = blockIdx.x;
  const std::int64_t warp = threadIdx.x / kWarp;
  const float size = static_cast<float>(a.width);
  const GroupRow<kParts> gain(a.gain + group * a.gain_stride, a.width);
  Held<kParts> n, g;
  Held<kWhole ? kParts : 1> grad_gain, grad_shift;
  if constexpr (kWhole) {
#pragma unroll
    for (int i = 0; i < kParts; ++i) grad_gain.part[i] = grad_shift.part[i] = {0, 0, 0, 0};
  }
  for (std::int64_t in_group = blockIdx.y * kWarps + warp; in_group < a.rows_in_group;
       in_group += gridDim.y * kWarps) {
    const std::int64_t row = group * a.rows_in_group + in_group;
    const std::int64_t begin = row * a.width;
    const float mean = a.mean[row];
    const float inverse = a.inverse[row];
    float total = 0;
    float along = 0;
    for_parts<kParts>(a.width, [&](int i, std::int64_t column) {
      n.part[i] = normed(load4(a.sum + begin + column), mean, inverse);
      const float4 grad = load4(a.grad_output + begin + column);
      if constexpr (kWhole) {
        grad_shift.part[i] = plus(grad_shift.part[i], grad);
        grad_gain.part[i] = plus(grad_gain.part[i], times(grad, n.part[i]));
      }
      g.part[i] = times(grad, gain(i, column));
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

  if constexpr (kWhole) {
    // Over the block's warps, in their order.
    float4* shared = block_memory<float4>();  // [kWarps, width / 4]
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
}

/// Gradients of gain and shift of a group, 32 columns a block: each warp adds up some rows, then
/// the warps are added in their order.
template <typename Number>
__global__ void __launch_bounds__(kWarpsOfColumns* kWarp)
    sum_columns(ResidualNormGradient<Number> a) {
  __shared__ float grad_gain[kWarpsOfColumns][kWarp];
  __shared__ float grad_shift[kWarpsOfColumns][kWarp];
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const int warp = static_cast<int>(threadIdx.x) / kWarp;
  const std::int64_t group = blockIdx.x;
  const std::int64_t column = blockIdx.y * static_cast<std::int64_t>(kWarp) + lane;
  float of_gain = 0;
  float of_shift = 0;
  if (column < a.width) {
#pragma unroll 4  // rows whose loads are on their way at the same time
    for (std::int64_t in_group = warp; in_group < a.rows_in_group; in_group += kWarpsOfColumns) {
      const std::int64_t row = group * a.rows_in_group + in_group;
      const float grad = wide(a.grad_output[row * a.width + column]);
      of_gain += grad * ((a.sum[row * a.width + column] - a.mean[row]) * a.inverse[row]);
      of_shift += grad;
    }
  }
  grad_gain[warp][lane] = of_gain;
  grad_shift[warp][lane] = of_shift;
  __syncthreads();
  if (warp != 0 || column >= a.width) return;
  for (int w = 1; w < kWarpsOfColumns; ++w) {
    of_gain += grad_gain[w][lane];
    of_shift += grad_shift[w][lane];
  }
  a.grad_gain[group * a.width + column] = of_gain;
  a.grad_shift[group * a.width + column] = of_shift;
}

/// Calls launch with the least number of parts that holds a row, as a type.
/// Wider rows than 11 parts would spill: kWidestCudaRow.
template <typename Launch>
const char* with_parts(std::int64_t width, Launch launch) {
  const std::int64_t parts = (width + 4 * kWarp - 1) / (4 * kWarp);
  if (parts <= 1) return launch(std::integral_constant<int, 1>{});
  if (parts <= 2) return launch(std::integral_constant<int, 2>{});
  if (parts <= 4) return launch(std::integral_constant<int, 4>{});
  if (parts <= 8) return launch(std::integral_constant<int, 8>{});
  return launch(std::integral_constant<int, 11>{});
}

/// The blocks of a grid that takes all rows: a warp has as many as keep all multiprocessors busy.
dim3 row_blocks(std::int64_t groups, std::int64_t rows_in_group) {
  const std::int64_t rows =
      std::clamp<std::int64_t>(groups * rows_in_group / (kWarps * kBlocks), 1, kMostRows);
  const std::int64_t of_block = kWarps * rows;
  return dim3(static_cast<unsigned>(groups),
              static_cast<unsigned>((rows_in_group + of_block - 1) / of_block));
}

template <typename Number>
const char* launch_forward(const ResidualNorm<Number>& a, std::int64_t groups, void* stream) {
  if (groups == 0 || a.rows_in_group == 0) return nullptr;
  return with_parts(a.width, [&](auto parts) {
    return start(
        forward<Number, parts()>, {row_blocks(groups, a.rows_in_group), kWarps * kWarp}, stream, a);
  });
}

template <typename Number>
const char* launch_backward(const ResidualNormGradient<Number>& a,
                            std::int64_t groups,
                            void* stream) {
  if (groups == 0) return nullptr;
  const auto all = static_cast<unsigned>(groups);
  if (groups >= kBlocks) {
    const std::size_t bytes = kWarps * static_cast<std::size_t>(a.width) * sizeof(float);
    return with_parts(a.width, [&](auto parts) {
      return start(backward<Number, parts(), true>, {dim3(all), kWarps * kWarp, bytes}, stream, a);
    });
  }
  if (a.rows_in_group > 0) {
    const char* failure = with_parts(a.width, [&](auto parts) {
      return start(backward<Number, parts(), false>,
                   {row_blocks(groups, a.rows_in_group), kWarps * kWarp},
                   stream,
                   a);
    });
    if (failure != nullptr) return failure;
  }
  const auto columns = static_cast<unsigned>((a.width + kWarp - 1) / kWarp);
  return start(sum_columns<Number>, {dim3(all, columns), kWarpsOfColumns * kWarp}, stream, a);
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
