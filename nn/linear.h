#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/linear.h>

namespace tessera::nn {

/// x [..., inputs] times weightᵀ [inputs, outputs] plus bias -> [..., outputs]. On the CPU the rows
/// of x are padded to at least 32: the mathematics library multiplies fewer rows in another order,
/// and a picture's numbers would depend on how many others share its batch.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// The same with a layer's weights. The layer's own forward() multiplies and adds the bias apart,
/// and casts the sum under autocast: this is a third faster in training.
at::Tensor linear(const torch::nn::Linear& layer, const at::Tensor& x);

}  // namespace tessera::nn
