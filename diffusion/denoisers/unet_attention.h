#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include "diffusion/denoisers/unet_options.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"

namespace tessera::diffusion {

/// One layer of latent diffusion's transformer (Rombach et al. 2022, appendix E.2.1): attention
/// among the places, attention to the text, MLP; each behind a LayerNorm and added to its input.
class UNetTextLayerImpl : public torch::nn::Module {
 public:
  UNetTextLayerImpl(std::int64_t width, const UNetOptions& options);
  nn::KeysValues read(const at::Tensor& text) { return cross_attention_->keys_values(text); }
  /// x [B, N, width], mask from nn::attention_mask().
  at::Tensor forward(at::Tensor x, const nn::KeysValues& text, const at::Tensor& mask);

 private:
  torch::nn::LayerNorm self_norm_{nullptr};
  nn::SelfAttention self_attention_{nullptr};
  torch::nn::LayerNorm cross_norm_{nullptr};
  nn::CrossAttention cross_attention_{nullptr};
  torch::nn::LayerNorm mlp_norm_{nullptr};
  nn::FeedForward mlp_{nullptr};
};
TORCH_MODULE(UNetTextLayer);

/// The attention of one place of a U-Net, added to its input. Without a text: GroupNorm and
/// self-attention over the H W places. With one: GroupNorm, a product, text layers, a product that
/// begins at zero.
class UNetAttentionImpl : public torch::nn::Module {
 public:
  UNetAttentionImpl(std::int64_t width, const UNetOptions& options);
  /// One a layer; empty where no text is read. text [B, L, condition_width].
  std::vector<nn::KeysValues> read(const at::Tensor& text);
  /// x [B, width, H, W].
  at::Tensor forward(const at::Tensor& x,
                     const std::vector<nn::KeysValues>& text,
                     const at::Tensor& mask);

 private:
  torch::nn::GroupNorm norm_{nullptr};
  nn::SelfAttention attention_{nullptr};  // this one, or the three below
  nn::Linear enter_{nullptr};
  torch::nn::ModuleList layers_{nullptr};
  nn::Linear out_{nullptr};
};
TORCH_MODULE(UNetAttention);

}  // namespace tessera::diffusion
