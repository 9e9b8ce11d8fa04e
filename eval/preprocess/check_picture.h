#pragma once

#include <ATen/core/Tensor.h>

#include "eval/preprocess/pillow_resize.h"

namespace tessera::eval {

/// Throws kShapeMismatch where `picture` is not [H, W, C] of `type` on the CPU with pixels, and
/// kInvalidArgument where a side of `size` is outside 1 … 16,384.
void check_resize(const at::Tensor& picture, at::ScalarType type, PictureSize size);

}  // namespace tessera::eval
