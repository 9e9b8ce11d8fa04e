#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "nn/convolution.h"
#include "nn/linear.h"

namespace tessera::nn {

/// Linear(D -> ratio * D), GELU2, Linear(ratio * D -> D): the MLP of a transformer block. GELU2 is
/// the activation of the VQ-Diffusion models, x * sigmoid(1.702 x).
class FeedForwardImpl : public torch::nn::Module {
 public:
  FeedForwardImpl(std::int64_t width, std::int64_t ratio);
  at::Tensor forward(const at::Tensor& x);  // [..., D] -> [..., D]

 private:
  Linear up_{nullptr};
  Linear out_{nullptr};
};
TORCH_MODULE(FeedForward);

/// The same with 3x3 convolutions over the grid that the positions are the rows of.
class ConvolutionFeedForwardImpl : public torch::nn::Module {
 public:
  struct Options {
    std::int64_t width = 0;  // D
    std::int64_t ratio = 4;
    std::int64_t grid_height = 0;
  };
  explicit ConvolutionFeedForwardImpl(const Options& options);
  at::Tensor forward(const at::Tensor& x);  // [B, N, D] -> [B, N, D], N a multiple of grid_height

 private:
  std::int64_t grid_height_;
  Convolution up_{nullptr};
  Convolution out_{nullptr};
};
TORCH_MODULE(ConvolutionFeedForward);

}  // namespace tessera::nn
