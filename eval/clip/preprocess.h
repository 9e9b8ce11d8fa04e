#pragma once

#include <ATen/core/Tensor.h>

#include "eval/clip/clip_options.h"

namespace tessera::eval {

/// A picture [H, W, 3] uint8 as CLIP's vision tower takes it, [3, S, S] float32: its shorter side
/// resized to S by antialiased bicubic interpolation rounded to bytes, the longer one to
/// floor(S * longer / shorter); the middle S x S of it (an odd rest is left at the far end); / 255;
/// minus the mean, by the deviation. The numbers are those of the Python imaging library with
/// transformers' CLIPImageProcessor. One thread. Throws kShapeMismatch.
at::Tensor clip_picture(const at::Tensor& picture, const ClipOptions& options);

/// The same up to the crop, [S, S, 3] uint8.
at::Tensor clip_crop(const at::Tensor& picture, std::int64_t side);

}  // namespace tessera::eval
