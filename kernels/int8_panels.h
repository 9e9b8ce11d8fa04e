#pragma once

#include <cstdint>

#include "kernels/int8_units.h"

namespace tessera::kernels {

inline constexpr std::int64_t kPanelColumns = 16;
inline constexpr std::int64_t kPanelDepth = 64;  // depths are multiples of it
inline constexpr std::int64_t kPanelRows = 32;   // rows of one product

/// Where number (k, n) of a matrix [depth, columns] lies among its panels: sixteen columns each, in
/// which four rows of a column are neighbours, as all units read them.
inline std::int64_t place_in_panels(std::int64_t depth, std::int64_t k, std::int64_t n) {
  return (n / kPanelColumns * depth + k / 4 * 4) * kPanelColumns + n % kPanelColumns * 4 + k % 4;
}

/// out = rows times the matrix in panels, exact in 32-bit integers.
struct PanelProduct {
  std::int64_t depth = 0;
  std::int64_t columns = 0;            // a multiple of kPanelColumns
  const std::uint8_t* rows = nullptr;  // [kPanelRows, depth], rows `row_stride` bytes apart
  std::int64_t row_stride = 0;
  const std::int8_t* panels = nullptr;  // depth * columns bytes, by place_in_panels()
  std::int32_t* out = nullptr;          // [kPanelRows, columns], rows `out_stride` numbers apart
  std::int64_t out_stride = 0;
};

/// REQUIRES: has_int8_unit(unit). Strides that are multiples of 4 KiB are slow: the rows of a tile
/// then share their lines of the nearest cache.
void multiply_panels(const PanelProduct& product, Int8Unit unit = best_int8_unit());

}  // namespace tessera::kernels
