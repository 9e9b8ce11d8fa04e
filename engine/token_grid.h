#pragma once

#include <cstdint>
#include <vector>

namespace tessera::engine {

/// A picture as the discrete path sees it: a code for every cell of the canvas.
struct TokenGrid {
  static constexpr std::int32_t kMasked = -1;

  std::int32_t width = 0;             // cells
  std::int32_t height = 0;            // cells
  std::int32_t codes = 0;             // K, the size of the codebook
  std::vector<std::int32_t> cells{};  // width * height, row-major, in [0, K) or kMasked
  std::vector<float> confidence{};    // of the likeliest code of each cell, in [0, 1]; may be empty

  friend bool operator==(const TokenGrid&, const TokenGrid&) = default;
};

}  // namespace tessera::engine
