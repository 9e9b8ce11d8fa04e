#pragma once

#include <vector>

#include <torch/nn/modules/conv.h>

#include "vqvae/grid_attention.h"
#include "vqvae/network.h"
#include "vqvae/options.h"
#include "vqvae/residual_block.h"

namespace tessera::vqvae {

/// vectors [B, D, H, W] -> images [B, C, H*s, W*s], about [-1, 1]; the encoder's mirror.
class Decoder : public Network {
 public:
  explicit Decoder(const VqVaeOptions& options);
  at::Tensor forward(const at::Tensor& vectors) override;

 private:
  struct Level {
    torch::nn::Conv2d enter{nullptr};  // 3x3 from the codes, or 1x1 and pixel shuffle from below
    std::vector<ResidualBlock> blocks{};
  };
  std::int64_t unshuffle_;
  std::vector<Level> levels_{};  // lowest resolution first
  GridTransformer context_{nullptr};
  torch::nn::Conv2d leave_{nullptr};
};

}  // namespace tessera::vqvae
