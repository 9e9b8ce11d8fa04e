#pragma once

#include <cstdint>

#include "core/philox.h"

namespace tessera::kernels {

/// `out[r * per_image + i]` = number i of the stream (seeds[r] or seed, images[r], purpose, step).
/// Rows may be computed in any order by any thread: the value depends on the address alone.
struct PhiloxFill {
  std::uint64_t seed = 0;                // of every row, where `seeds` is not given
  const std::int64_t* seeds = nullptr;   // [rows], the bits of each row's own seed; may be null
  const std::int64_t* images = nullptr;  // [rows]
  std::int64_t rows = 0;
  std::int64_t per_image = 0;
  Purpose purpose = Purpose::kPrior;
  std::uint32_t step = 0;
  float* out = nullptr;  // [rows, per_image]
};

/// U(0, 1), open at both ends.
void philox_uniform(const PhiloxFill& args, std::int64_t first_row, std::int64_t last_row);

/// N(0, 1) by Box-Muller in float64, rounded once: numbers 2j and 2j+1 come from uniforms 2j, 2j+1.
void philox_normal(const PhiloxFill& args, std::int64_t first_row, std::int64_t last_row);

}  // namespace tessera::kernels
