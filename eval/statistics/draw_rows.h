#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// Names one random choice of rows: the same on every machine.
struct RowDraw {
  std::uint64_t seed = 0;
  std::uint32_t use = 0;     // what for: no two uses share a choice
  std::uint32_t number = 0;  // the how-manieth of that use
};

/// `count` different rows of [0, rows), in random order: [count] int64. All of them = a
/// permutation. REQUIRES: 0 <= count <= rows < 2^31.
at::Tensor draw_rows(const RowDraw& draw, std::int64_t rows, std::int64_t count);

}  // namespace tessera::eval
