#pragma once

#include <cstdint>

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

namespace tessera::vqvae {

/// x + conv1x1(silu(conv3x3(silu(x)))), [B, C, H, W] to the same. No normalisation: the branch
/// begins at zero instead (Zhang et al. 2019, "Fixup"), which is stable and cheaper on a CPU.
class ResidualBlockImpl : public torch::nn::Module {
 public:
  explicit ResidualBlockImpl(std::int64_t channels);
  at::Tensor forward(const at::Tensor& x);
  void close();  // the branch adds nothing

 private:
  torch::nn::Conv2d spread_{nullptr};
  torch::nn::Conv2d mix_{nullptr};
};
TORCH_MODULE(ResidualBlock);

}  // namespace tessera::vqvae
