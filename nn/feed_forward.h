#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

namespace tessera::nn {

/// Linear(D -> ratio * D), GELU2, Linear(ratio * D -> D): the MLP of a transformer block. GELU2 is
/// the activation of the VQ-Diffusion models, x * sigmoid(1.702 x).
class FeedForwardImpl : public torch::nn::Module {
 public:
  FeedForwardImpl(std::int64_t width, std::int64_t ratio);
  at::Tensor forward(const at::Tensor& x);  // [..., D] -> [..., D]

 private:
  torch::nn::Linear up_{nullptr};
  torch::nn::Linear out_{nullptr};
};
TORCH_MODULE(FeedForward);

}  // namespace tessera::nn
