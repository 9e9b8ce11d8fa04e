#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// A picture [H, W, C] of bytes or float32 on the CPU as float32 that lies in order, each number
/// divided by `unit`. What is float32 already and of unit 1 stays as it is; other types too, to be
/// refused by who reads them.
at::Tensor real_picture(const at::Tensor& picture, float unit = 1);

}  // namespace tessera::eval
