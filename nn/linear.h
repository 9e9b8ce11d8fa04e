#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace tessera::nn {

/// x [..., inputs] times weightᵀ [inputs, outputs] plus bias -> [..., outputs]. On the CPU the rows
/// of x are padded to at least 32: the mathematics library multiplies fewer rows in another order,
/// and a picture's numbers would depend on how many others share its batch. float32 rows are
/// brought to the type of half-precision weights.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

/// `x` in the number type that a product with `weight` takes: that of the weight where it is a half
/// type and x is float32, else its own.
at::Tensor for_product(const at::Tensor& x, const at::Tensor& weight);

/// A product with weights of its own. They are reserved, not set: their values are arbitrary until
/// nn::initialise or a load, so a network of any size is built at once and takes no memory before
/// its weights come.
class LinearImpl : public torch::nn::Module {
 public:
  LinearImpl(std::int64_t inputs, std::int64_t outputs);
  at::Tensor forward(const at::Tensor& x);  // [..., inputs] -> [..., outputs]

  at::Tensor weight;  // [outputs, inputs]
  at::Tensor bias;    // [outputs]
};
TORCH_MODULE(Linear);

}  // namespace tessera::nn
