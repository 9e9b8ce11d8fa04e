#pragma once

#include <vector>

#include <torch/nn/modules/conv.h>

#include "vqvae/network.h"
#include "vqvae/options.h"
#include "vqvae/vqgan_blocks.h"

namespace tessera::vqvae {

/// vectors [B, D, H, W] -> images [B, C, H*s, W*s], the published network; no output activation.
class VqganDecoder : public Network {
 public:
  explicit VqganDecoder(const VqVaeOptions& options);
  at::Tensor forward(const at::Tensor& vectors) override;

 private:
  struct Level {
    std::vector<VqganBlock> blocks{};
    std::vector<VqganAttention> attention{};  // one behind each block, or none
    torch::nn::Conv2d up{nullptr};            // 3x3 behind nearest doubling; none at level 0
  };
  torch::nn::Conv2d from_codes_{nullptr};
  torch::nn::Conv2d enter_{nullptr};
  VqganMiddle middle_{nullptr};
  std::vector<Level> levels_{};  // lowest resolution first
  torch::nn::GroupNorm norm_{nullptr};
  torch::nn::Conv2d leave_{nullptr};
};

}  // namespace tessera::vqvae
