#pragma once

#include <cstdint>

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

namespace tessera::vqvae {

/// Pre-norm transformer block over the cells of the token grid: every cell sees the whole picture.
/// tokens [B, N, C] to the same; heads of 32 channels where C allows, else one.
class GridAttentionImpl : public torch::nn::Module {
 public:
  explicit GridAttentionImpl(std::int64_t channels);
  at::Tensor forward(const at::Tensor& tokens);
  void close();  // both branches add nothing

 private:
  std::int64_t heads_;
  torch::nn::LayerNorm attention_norm_{nullptr};
  torch::nn::Linear qkv_{nullptr};
  torch::nn::Linear out_{nullptr};
  torch::nn::LayerNorm mlp_norm_{nullptr};
  torch::nn::Linear widen_{nullptr};
  torch::nn::Linear narrow_{nullptr};
};
TORCH_MODULE(GridAttention);

struct GridTransformerOptions {
  std::int64_t channels = 0;
  std::int64_t blocks = 0;  // 0 = the identity, without parameters
  std::int64_t grid = 0;    // side the position table is made for
};

/// `blocks` attention blocks after a learned position table [1, C, grid, grid], which is resampled
/// bilinearly where the grid has another size. [B, C, H, W] to the same.
class GridTransformerImpl : public torch::nn::Module {
 public:
  explicit GridTransformerImpl(const GridTransformerOptions& options);
  at::Tensor forward(const at::Tensor& x);
  at::Tensor& positions() { return positions_; }  // undefined where there are no blocks

 private:
  at::Tensor positions_{};
  std::vector<GridAttention> blocks_{};
};
TORCH_MODULE(GridTransformer);

}  // namespace tessera::vqvae
