#pragma once

#include <ATen/core/Tensor.h>

#include "eval/preprocess/pillow_resize.h"

namespace tessera::eval {

/// Which point of the old picture a new pixel i of a line is; `scale` = old length / new length.
enum class BilinearGrid : unsigned char {
  kCorner,     // i * scale: TensorFlow 1's resize_bilinear, pixels meet at their upper left corners
  kHalfPixel,  // (i + 1/2) * scale - 1/2, not below 0: torch's bilinear with align_corners = false
};

/// Each new pixel from its four neighbours, without antialiasing, in float32.
/// `picture` [H, W, C] uint8 or float32; gives [size.height, size.width, C] float32, neither
/// rounded nor clamped. Throws as pillow_resize_float does. One thread.
at::Tensor bilinear_resize(const at::Tensor& picture, PictureSize size, BilinearGrid grid);

}  // namespace tessera::eval
