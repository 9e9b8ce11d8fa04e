#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// The interpolating function; where a picture shrinks it is stretched over the pixels that one new
/// pixel covers, so that nothing aliases.
enum class PillowFilter : unsigned char {
  kBilinear,  // triangle of radius 1
  kBicubic,   // Keys' cubic with a = -1/2 (Keys, IEEE ASSP 1981), radius 2
};

struct PictureSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
};

/// Resizes as the Python imaging library does with 8-bit pictures, bit for bit: rows first, then
/// columns, each pass with weights of 22 fractional bits and a result rounded and clamped to 8
/// bits. The pictures that CLIP and its scores are defined on are made by it, with kBicubic.
/// `picture` [H, W, C] uint8 on the CPU, C any; gives [size.height, size.width, C] uint8.
/// Throws kShapeMismatch for another type or rank or an empty picture, kInvalidArgument for sides
/// outside 1 … 16,384. One thread.
at::Tensor pillow_resize(const at::Tensor& picture, PictureSize size, PillowFilter filter);

/// The same of its 32-bit pictures (mode "F"): sums in double, float32 after each pass, neither
/// rounded nor clamped. Clean-FID (Parmar et al., CVPR 2022) resizes each channel so.
/// `picture` [H, W, C] uint8 or float32; gives [size.height, size.width, C] float32.
at::Tensor pillow_resize_float(const at::Tensor& picture, PictureSize size, PillowFilter filter);

}  // namespace tessera::eval
