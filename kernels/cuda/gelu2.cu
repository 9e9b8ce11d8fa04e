// x * sigmoid(1.702 x), in place.
//
// Idea: sixteen bytes a thread at a time, read and written where they are. Memory: e bytes read and
// e written a number (e = 4 or 2); the composed expression moves three times that (a product, a
// sigmoid, a product). Floor: 2 e bytes at the rate of a copy. Limit: memory bandwidth; a number
// costs two operations of the special function units and some fifteen others, in bfloat16 two
// thirds of what the bandwidth leaves time for.

#include <algorithm>

#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/rows.cuh"

namespace tessera::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = 1 << 16;

/// e^(-1.702 x) may be infinite: then x / inf, which is 0, or NaN where x is infinite itself.
__device__ inline float gelu2(float x) {
  return __fdividef(x, 1.0f + expf(-1.702f * x));
}

__device__ inline float gelu2_of(float x) {
  return gelu2(x);
}

__device__ inline Bfloat16 gelu2_of(Bfloat16 x) {
  return static_cast<Bfloat16>(bfloat16_pair(gelu2(wide(x)), 0.0f));
}

/// Sixteen bytes.
template <typename Number>
struct alignas(16) Sixteen {
  static constexpr int kNumbers = 16 / sizeof(Number);
  Number number[kNumbers];
};

/// Numbers 0 ... before - 1 lie in front of the first that is aligned, `packs` packs follow, and
/// `behind` numbers are left.
struct Shares {
  std::int64_t before;
  std::int64_t packs;
  std::int64_t behind;
};

template <typename Number>
__global__ void __launch_bounds__(kThreads) run(Number* numbers, Shares shares) {
  using Pack = Sixteen<Number>;
  const std::int64_t thread = blockIdx.x * static_cast<std::int64_t>(kThreads) + threadIdx.x;
  const std::int64_t threads = gridDim.x * static_cast<std::int64_t>(kThreads);
  Pack* packs = reinterpret_cast<Pack*>(numbers + shares.before);
  for (std::int64_t i = thread; i < shares.packs; i += threads) {
    Pack pack = packs[i];
#pragma unroll
    for (int k = 0; k < Pack::kNumbers; ++k) pack.number[k] = gelu2_of(pack.number[k]);
    packs[i] = pack;
  }
  if (thread < shares.before) numbers[thread] = gelu2_of(numbers[thread]);
  if (thread < shares.behind) {
    Number& last = numbers[shares.before + shares.packs * Pack::kNumbers + thread];
    last = gelu2_of(last);
  }
}

template <typename Number>
const char* launch(const Gelu2<Number>& args, std::int64_t numbers, void* stream) {
  if (numbers == 0) return nullptr;
  using Pack = Sixteen<Number>;
  const auto odd = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(args.numbers) % 16);
  Shares shares{};
  shares.before = std::min(numbers, (16 - odd) % 16 / static_cast<std::int64_t>(sizeof(Number)));
  shares.packs = (numbers - shares.before) / Pack::kNumbers;
  shares.behind = (numbers - shares.before) % Pack::kNumbers;
  const std::int64_t blocks =
      std::clamp<std::int64_t>((shares.packs + kThreads - 1) / kThreads, 1, kMostBlocks);
  return start(
      run<Number>, {dim3(static_cast<unsigned>(blocks)), kThreads}, stream, args.numbers, shares);
}

}  // namespace

const char* gelu2(const Gelu2<float>& args, std::int64_t numbers, void* stream) {
  return launch(args, numbers, stream);
}

const char* gelu2(const Gelu2<Bfloat16>& args, std::int64_t numbers, void* stream) {
  return launch(args, numbers, stream);
}

}  // namespace tessera::kernels::cuda
