#pragma once

#include <cstdint>

namespace tessera::kernels {

/// The quantiser's search: for each row of z the code with the least |z - e|^2, the lowest index
/// where several have it. REQUIRES: at least one code; contiguous arrays.
struct NearestCode {
  std::int64_t codes = 0;           // K
  std::int64_t width = 0;           // D
  const float* z = nullptr;         // [rows, D]
  const float* codebook = nullptr;  // [K, D]
  std::int64_t* nearest = nullptr;  // [rows], 0 ... K - 1
};

/// Rows first ... last - 1, by plain loops in float64.
void nearest_code_reference(const NearestCode& args, std::int64_t first, std::int64_t last);

}  // namespace tessera::kernels
