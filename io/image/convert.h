#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "io/image/rgb_image.h"

namespace tessera::io {

/// [3, H, W] floating point in [-1, 1] on any device -> 8 bits: round((x + 1) * 127.5), clamped.
/// NaN becomes 0. Throws kShapeMismatch.
RgbImage to_image(const at::Tensor& image);
/// The same for [B, 3, H, W].
std::vector<RgbImage> to_images(const at::Tensor& images);

/// [3, H, W] float32 in [-1, 1] on the CPU: x / 127.5 - 1. to_image() gives the picture back.
at::Tensor to_tensor(const RgbImage& image);
/// [3, H, W] uint8.
at::Tensor to_bytes(const RgbImage& image);

}  // namespace tessera::io
