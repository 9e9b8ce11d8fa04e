#include "vqvae/residual_block.h"

#include <torch/nn.h>

namespace tessera::vqvae {

ResidualBlockImpl::ResidualBlockImpl(std::int64_t channels)
    : spread_(register_module(
          "spread", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 3).padding(1)))),
      mix_(register_module("mix",
                           torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 1)))) {}

at::Tensor ResidualBlockImpl::forward(const at::Tensor& x) {
  return x + mix_(at::silu(spread_(at::silu(x))));
}

void ResidualBlockImpl::close() {
  const at::NoGradGuard no_grad;
  mix_->weight.zero_();
  mix_->bias.zero_();
}

}  // namespace tessera::vqvae
