#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// [3, H, W] in [-1, 1] on any device -> [H, W, 3] uint8, the 8-bit levels that a picture file
/// would hold.
at::Tensor picture_bytes(const at::Tensor& image);

}  // namespace tessera::eval
