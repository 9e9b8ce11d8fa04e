#pragma once

#include <vector>

#include <torch/nn/modules/conv.h>

#include "vqvae/network.h"
#include "vqvae/options.h"
#include "vqvae/vqgan_blocks.h"

namespace tessera::vqvae {

/// images [B, C, H*s, W*s] -> features [B, D, H, W], the published network: levels of residual
/// blocks from full resolution down, a middle, and a 1x1 product from z to code channels.
class VqganEncoder : public Network {
 public:
  explicit VqganEncoder(const VqVaeOptions& options);
  at::Tensor forward(const at::Tensor& images) override;

 private:
  struct Level {
    std::vector<VqganBlock> blocks{};
    std::vector<VqganAttention> attention{};  // one behind each block, or none
    torch::nn::Conv2d down{nullptr};          // 3x3, stride 2; none at the last level
  };
  torch::nn::Conv2d enter_{nullptr};
  std::vector<Level> levels_{};
  VqganMiddle middle_{nullptr};
  torch::nn::GroupNorm norm_{nullptr};
  torch::nn::Conv2d leave_{nullptr};
  torch::nn::Conv2d to_codes_{nullptr};
};

}  // namespace tessera::vqvae
