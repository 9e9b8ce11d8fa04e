#pragma once

#include <vector>

#include <torch/nn/modules/conv.h>

#include "vqvae/grid_attention.h"
#include "vqvae/network.h"
#include "vqvae/options.h"
#include "vqvae/residual_block.h"

namespace tessera::vqvae {

/// images [B, C, H*s, W*s] -> features [B, D, H, W], s = downsample(). Pixels are first folded into
/// channels, so no layer runs at full resolution.
class Encoder : public Network {
 public:
  explicit Encoder(const VqVaeOptions& options);
  at::Tensor forward(const at::Tensor& images) override;

 private:
  struct Level {
    torch::nn::Conv2d enter{nullptr};  // 3x3 from the pixels, or 4x4 with stride 2 from above
    std::vector<ResidualBlock> blocks{};
  };
  std::int64_t unshuffle_;
  std::vector<Level> levels_{};
  GridTransformer context_{nullptr};
  torch::nn::Conv2d leave_{nullptr};
};

}  // namespace tessera::vqvae
