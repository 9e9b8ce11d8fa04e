// The quantiser's search: argmin over K codes of |e|^2 - 2 z e, which is |z - e|^2 less what all
// codes share.
//
// Idea: the tiled matrix product, whose tiles of distances never leave the registers. A block holds
// 128 rows (32 where there are few) and walks over the codes 128 at a time; a thread keeps 8 x 8 of
// the products, adds |e|^2, which the block sums beside them, and notes the least of each row. The
// next slice of both matrices is on its way while one is multiplied. Memory: rows and codes are
// read from the nearest cache once a tile, [rows, K] is never written; at least 4 D bytes a row,
// and 8 written. Floor: 2 D K operations a row in float32, 64 us for 65,536 rows of 32 and 1,024
// codes at 67 * 10^12 a second, where the bytes would take 3. Limit: float32 arithmetic. No tensor
// cores: their 10 bits of mantissa swap codes that are near each other.
//
// Each product is summed over D in order by fused multiply-adds, so equal codes have equal
// distances to the bit, and the lower index wins.

#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/rows.cuh"

namespace tessera::kernels::cuda {
namespace {

constexpr int kThreads = 256;  // 16 x 16
constexpr int kSide = 16;
constexpr int kSlice = 16;                      // of D, at a time
constexpr int kCodesOfThread = 8;               // four, and four that lie 64 further on
constexpr int kCodes = kSide * kCodesOfThread;  // of a tile
constexpr int kPad = 4;                         // keeps rows of a slice aligned to 16 bytes

/// A slice of kRows rows of a matrix [rows, width], transposed in shared memory: [kSlice][kRows].
template <int kRows>
struct Slice {
  static constexpr int kOfThread = kRows * kSlice / kThreads;
  static constexpr int kStride = kRows + kPad;
  float held[kOfThread];

  /// From the first of `rows` rows on, at a column: sixteen threads read sixteen neighbours of a
  /// row, 0 beyond the matrix.
  __device__ void read(const float* from, int rows, int column, int width) {
    const int at = column + static_cast<int>(threadIdx.x) % kSlice;
    const int first = static_cast<int>(threadIdx.x) / kSlice;
#pragma unroll
    for (int i = 0; i < kOfThread; ++i) {
      const int row = first + i * (kThreads / kSlice);
      held[i] = row < rows && at < width ? from[row * width + at] : 0.0f;
    }
  }
  __device__ void write(float* to) const {
#pragma unroll
    for (int i = 0; i < kOfThread; ++i) {
      to[threadIdx.x % kSlice * kStride + i * (kThreads / kSlice) + threadIdx.x / kSlice] = held[i];
    }
  }
};

struct Best {
  float distance;
  int code;
};

/// The nearer of two, the lower index where they are equal.
__device__ inline Best nearer(Best a, Best b) {
  const bool second = b.distance < a.distance || (b.distance == a.distance && b.code < a.code);
  return second ? b : a;
}

template <int kRowsOfThread>
__global__ void __launch_bounds__(kThreads, 2) search(NearestCode a, std::int64_t rows) {
  constexpr int kRows = kSide * kRowsOfThread;
  constexpr int kTogether = kRowsOfThread < 4 ? kRowsOfThread : 4;  // neighbouring rows of a thread
  using RowSlice = Slice<kRows>;
  using CodeSlice = Slice<kCodes>;
  __shared__ __align__(16) float z[kSlice * RowSlice::kStride];
  __shared__ __align__(16) float e[kSlice * CodeSlice::kStride];
  __shared__ float squares[kCodes];

  const int across = static_cast<int>(threadIdx.x) % kSide;
  const int down = static_cast<int>(threadIdx.x) / kSide;
  const auto row_of = [&](int i) {
    return i / kTogether * (kSide * kTogether) + down * kTogether + i % kTogether;
  };
  const auto code_of = [&](int j) { return j / 4 * (kSide * 4) + across * 4 + j % 4; };
  const std::int64_t first_row = blockIdx.x * static_cast<std::int64_t>(kRows);
  const int rows_here = static_cast<int>(min(rows - first_row, std::int64_t{kRows}));
  const int codes = static_cast<int>(a.codes);
  const int width = static_cast<int>(a.width);
  const float* own_rows = a.z + first_row * width;

  Best best[kRowsOfThread];
#pragma unroll
  for (int i = 0; i < kRowsOfThread; ++i) best[i] = {HUGE_VALF, 0};

  RowSlice next_z;
  CodeSlice next_e;
  next_z.read(own_rows, rows_here, 0, width);
  next_e.read(a.codebook, codes, 0, width);
  for (int first_code = 0; first_code < codes; first_code += kCodes) {
    float product[kRowsOfThread][kCodesOfThread] = {};
    float square = 0;  // of one code, in the first kCodes threads
    for (int column = 0; column < width; column += kSlice) {
      __syncthreads();
      next_z.write(z);
      next_e.write(e);
      __syncthreads();
      const bool last = column + kSlice >= width;
      const int next_column = last ? 0 : column + kSlice;
      const int next_code = last ? first_code + kCodes : first_code;
      next_z.read(own_rows, rows_here, next_column, width);
      next_e.read(a.codebook + static_cast<std::int64_t>(next_code) * width,
                  codes - next_code,
                  next_column,
                  width);
#pragma unroll
      for (int d = 0; d < kSlice; ++d) {
        float own_z[kRowsOfThread], own_e[kCodesOfThread];
#pragma unroll
        for (int i = 0; i < kRowsOfThread; ++i) own_z[i] = z[d * RowSlice::kStride + row_of(i)];
#pragma unroll
        for (int j = 0; j < kCodesOfThread; ++j) own_e[j] = e[d * CodeSlice::kStride + code_of(j)];
#pragma unroll
        for (int i = 0; i < kRowsOfThread; ++i) {
#pragma unroll
          for (int j = 0; j < kCodesOfThread; ++j) {
            product[i][j] = fmaf(own_z[i], own_e[j], product[i][j]);
          }
        }
        if (threadIdx.x < kCodes) {
          const float of_code = e[d * CodeSlice::kStride + threadIdx.x];
          square = fmaf(of_code, of_code, square);
        }
      }
    }
    if (threadIdx.x < kCodes) {
      squares[threadIdx.x] =
          first_code + static_cast<int>(threadIdx.x) < codes ? square : HUGE_VALF;
    }
    __syncthreads();
#pragma unroll
    for (int j = 0; j < kCodesOfThread; ++j) {
      const float of_code = squares[code_of(j)];
      const int code = first_code + code_of(j);
#pragma unroll
      for (int i = 0; i < kRowsOfThread; ++i) {
        const float distance = fmaf(-2.0f, product[i][j], of_code);
        // codes come in rising order, so of equal ones the first stays
        if (distance < best[i].distance) best[i] = {distance, code};
      }
    }
  }

#pragma unroll
  for (int i = 0; i < kRowsOfThread; ++i) {
    for (int offset = kSide / 2; offset > 0; offset /= 2) {  // within the sixteen of a row
      best[i] = nearer(best[i],
                       {__shfl_xor_sync(kAllLanes, best[i].distance, offset),
                        __shfl_xor_sync(kAllLanes, best[i].code, offset)});
    }
    const std::int64_t row = first_row + row_of(i);
    if (across == 0 && row_of(i) < rows_here) a.nearest[row] = best[i].code;
  }
}

}  // namespace

const char* nearest_code(const NearestCode& args, std::int64_t rows, void* stream) {
  if (rows == 0) return nullptr;
  constexpr std::int64_t kManyRows = 128 * 132;  // a block for each multiprocessor
  constexpr int kFew = 2;
  constexpr int kMany = 8;
  const auto blocks = [&](int of_thread) {
    const std::int64_t of_block = kSide * of_thread;
    return dim3(static_cast<unsigned>((rows + of_block - 1) / of_block));
  };
  return rows >= kManyRows ? start(search<kMany>, {blocks(kMany), kThreads}, stream, args, rows)
                           : start(search<kFew>, {blocks(kFew), kThreads}, stream, args, rows);
}

}  // namespace tessera::kernels::cuda
