#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace tessera::nn {

/// A convolution with stride 1 whose output is as large as its input: the border is padded with
/// zeros. Its values are arbitrary until nn::initialise or a load, as those of nn::Linear.
class ConvolutionImpl : public torch::nn::Module {
 public:
  struct Options {
    std::int64_t inputs = 0;
    std::int64_t outputs = 0;
    std::int64_t window = 3;  // odd
  };
  explicit ConvolutionImpl(const Options& options);
  at::Tensor forward(const at::Tensor& x);  // [B, inputs, H, W] -> [B, outputs, H, W]

  at::Tensor weight;  // [outputs, inputs, window, window]
  at::Tensor bias;    // [outputs]
};
TORCH_MODULE(Convolution);

}  // namespace tessera::nn
