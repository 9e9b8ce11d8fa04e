#include "kernels/int8_panels.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tessera::kernels {
namespace {

constexpr std::int64_t kQuadBytes = 4 * kPanelColumns;  // four rows of a panel

void multiply_plain(const PanelProduct& p) {
  for (std::int64_t row = 0; row < kPanelRows; ++row) {
    for (std::int64_t first = 0; first < p.columns; first += kPanelColumns) {
      std::int32_t sums[kPanelColumns] = {};
      for (std::int64_t k = 0; k < p.depth; k += 4) {
        const std::uint8_t* a = p.rows + row * p.row_stride + k;
        const std::int8_t* b = p.panels + place_in_panels(p.depth, k, first);
        for (std::int64_t n = 0; n < kPanelColumns; ++n) {
          for (std::int64_t i = 0; i < 4; ++i) sums[n] += a[i] * b[4 * n + i];
        }
      }
      std::memcpy(p.out + row * p.out_stride + first, sums, sizeof sums);
    }
  }
}

#if defined(__x86_64__)

inline std::int32_t quad(const std::uint8_t* bytes) {
  std::int32_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

#pragma GCC push_options
#pragma GCC target("avx2,avxvnni")
void multiply_avx_vnni(const PanelProduct& p) {
  constexpr std::int64_t kRows = 4;  // and sixteen columns: 8 of 16 registers are sums
  for (std::int64_t first = 0; first < p.columns; first += kPanelColumns) {
    const std::int8_t* panel = p.panels + first * p.depth;
    for (std::int64_t row = 0; row < kPanelRows; row += kRows) {
      const std::uint8_t* a = p.rows + row * p.row_stride;
      __m256i sums[kRows][2] = {};
      for (std::int64_t k = 0; k < p.depth; k += 4) {
        const auto* b = reinterpret_cast<const __m256i*>(panel + k * kPanelColumns);
        const __m256i left = _mm256_loadu_si256(b);
        const __m256i right = _mm256_loadu_si256(b + 1);
#pragma GCC unroll 8
        for (std::int64_t r = 0; r < kRows; ++r) {
          const __m256i four = _mm256_set1_epi32(quad(a + r * p.row_stride + k));
          sums[r][0] = _mm256_dpbusd_avx_epi32(sums[r][0], four, left);
          sums[r][1] = _mm256_dpbusd_avx_epi32(sums[r][1], four, right);
        }
      }
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < kRows; ++r) {
        auto* out = reinterpret_cast<__m256i*>(p.out + (row + r) * p.out_stride + first);
        _mm256_storeu_si256(out, sums[r][0]);
        _mm256_storeu_si256(out + 1, sums[r][1]);
      }
    }
  }
}
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vnni")
template <std::int64_t kPanels>
inline void multiply_avx512_panels(const PanelProduct& p, std::int64_t first) {
  constexpr std::int64_t kRows = 8;  // times two panels: 16 of 32 registers are sums
  for (std::int64_t row = 0; row < kPanelRows; row += kRows) {
    const std::uint8_t* a = p.rows + row * p.row_stride;
    __m512i sums[kRows][kPanels] = {};
    for (std::int64_t k = 0; k < p.depth; k += 4) {
      __m512i b[kPanels];
#pragma GCC unroll 2
      for (std::int64_t i = 0; i < kPanels; ++i) {
        b[i] = _mm512_loadu_si512(p.panels + (first + i * kPanelColumns) * p.depth +
                                  k * kPanelColumns);
      }
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < kRows; ++r) {
        const __m512i four = _mm512_set1_epi32(quad(a + r * p.row_stride + k));
#pragma GCC unroll 2
        for (std::int64_t i = 0; i < kPanels; ++i) {
          sums[r][i] = _mm512_dpbusd_epi32(sums[r][i], four, b[i]);
        }
      }
    }
#pragma GCC unroll 8
    for (std::int64_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (std::int64_t i = 0; i < kPanels; ++i) {
        _mm512_storeu_si512(p.out + (row + r) * p.out_stride + first + i * kPanelColumns,
                            sums[r][i]);
      }
    }
  }
}

void multiply_avx512_vnni(const PanelProduct& p) {
  std::int64_t first = 0;
  for (; first + 2 * kPanelColumns <= p.columns; first += 2 * kPanelColumns) {
    multiply_avx512_panels<2>(p, first);
  }
  if (first < p.columns) multiply_avx512_panels<1>(p, first);
}
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f,amx-tile,amx-int8")
/// What a thread's tiles are, as the instruction reads it.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

/// Tiles are 16 rows of 64 bytes: sums in 0 to 3 (two rows of tiles by two panels), factors in 4, 5
/// and 6, 7.
void multiply_amx(const PanelProduct& p) {
  TileShapes shapes;
  for (int tile = 0; tile < 8; ++tile) {
    shapes.row_bytes[tile] = 64;
    shapes.rows[tile] = 16;
  }
  _tile_loadconfig(&shapes);
  const std::uint8_t* above = p.rows;
  const std::uint8_t* below = p.rows + kPanelRows / 2 * p.row_stride;
  const std::int64_t out_bytes = p.out_stride * static_cast<std::int64_t>(sizeof *p.out);
  for (std::int64_t first = 0; first < p.columns; first += 2 * kPanelColumns) {
    const bool two = first + kPanelColumns < p.columns;
    const std::int8_t* left = p.panels + first * p.depth;
    const std::int8_t* right = two ? left + kPanelColumns * p.depth : left;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (std::int64_t k = 0; k < p.depth; k += kPanelDepth) {
      _tile_loadd(4, above + k, p.row_stride);
      _tile_loadd(5, below + k, p.row_stride);
      _tile_loadd(6, left + k * kPanelColumns, kQuadBytes);
      _tile_loadd(7, right + k * kPanelColumns, kQuadBytes);
      _tile_dpbusd(0, 4, 6);
      _tile_dpbusd(1, 5, 6);
      _tile_dpbusd(2, 4, 7);
      _tile_dpbusd(3, 5, 7);
    }
    std::int32_t* out = p.out + first;
    std::int32_t* lower = out + kPanelRows / 2 * p.out_stride;
    _tile_stored(0, out, out_bytes);
    _tile_stored(1, lower, out_bytes);
    if (two) {
      _tile_stored(2, out + kPanelColumns, out_bytes);
      _tile_stored(3, lower + kPanelColumns, out_bytes);
    }
  }
  _tile_release();
}
#pragma GCC pop_options

#endif

}  // namespace

void multiply_panels(const PanelProduct& product, Int8Unit unit) {
  switch (unit) {
#if defined(__x86_64__)
    case Int8Unit::kAmx:
      return multiply_amx(product);
    case Int8Unit::kAvx512Vnni:
      return multiply_avx512_vnni(product);
    case Int8Unit::kAvxVnni:
      return multiply_avx_vnni(product);
#endif
    default:
      return multiply_plain(product);
  }
}

}  // namespace tessera::kernels
