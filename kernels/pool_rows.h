#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/targets.h"

namespace tessera::kernels {

/// 3 x 3 pools of pictures with channels last, written into some of the channels of a wider
/// picture, so that the branches of a block need no copy to lie side by side. Number is float or
/// Bfloat16; the number of channels is a multiple of kLanes. What lies beyond the border does not
/// count.
template <typename Number>
struct PoolRows {
  std::int64_t side = 0;  // pixels of the input, which is square
  std::int64_t channels = 0;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t out_side = 0;
  std::int64_t out_channels = 0;  // of the wider picture: numbers from a pixel to the next
  const Number* in = nullptr;     // [pictures, side, side, channels]
  Number* out = nullptr;          // first channel of the first pixel
};

// Rows first … last - 1 of the outputs of all pictures. torch's own maximum keeps where it was
// found as well, which takes it several times as long.
void maximum_rows(const PoolRows<float>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target = best_target());
void maximum_rows(const PoolRows<Bfloat16>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target = best_target());

/// The mean, or 0 where it is below.
void rectified_mean_rows(const PoolRows<float>& args,
                         std::int64_t first,
                         std::int64_t last,
                         Target target = best_target());
void rectified_mean_rows(const PoolRows<Bfloat16>& args,
                         std::int64_t first,
                         std::int64_t last,
                         Target target = best_target());

}  // namespace tessera::kernels
