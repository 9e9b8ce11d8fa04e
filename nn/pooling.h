#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::nn {

// 3 x 3 pools that write into `out`, which may be some channels of a wider picture, so that the
// branches of a block come to lie side by side without a copy. x and the wider picture [B, C, H, W]
// square, channels last, on any device, with no gradient wanted; one pass of our own for float32
// and bfloat16 on the CPU where C is a multiple of 16.

/// Maxima; what lies beyond the border does not count.
void maximum_into(const at::Tensor& x,
                  std::int64_t stride,
                  std::int64_t padding,
                  const at::Tensor& out);

/// Means of the pixels that there are, or 0 where a mean is below; as large as x.
void rectified_mean_into(const at::Tensor& x, const at::Tensor& out);

}  // namespace tessera::nn
