#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "engine/image.h"

namespace tessera::engine {

/// [B, 3, H, W] in [-1, 1] on any device -> 8-bit pictures.
std::vector<Image> to_engine_images(const at::Tensor& images);

/// [1, 3, H, W] float32 in [-1, 1] on the CPU.
at::Tensor to_tensor(const Image& image);

/// Peak signal-to-noise ratio in dB over all values of two pictures of one size, peak 255; infinite
/// where they are equal.
double psnr(const Image& a, const Image& b);

}  // namespace tessera::engine
