#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// softmax(scale * scores) over the last axis without the keys that `mask` hides: scores [B, heads,
/// N, L] float32 or bfloat16 on the CPU, mask [B, L] bool (true = visible) or undefined. One pass,
/// computed in float32, differentiable once.
at::Tensor masked_softmax(const at::Tensor& scores, const at::Tensor& mask, double scale);

}  // namespace tessera::nn
