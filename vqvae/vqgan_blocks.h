#pragma once

#include <cstdint>

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include "nn/attention.h"

namespace tessera::vqvae {

// The bricks of the published codecs (Esser et al. 2021, "Taming Transformers"), [B, C, H, W] each.
// `groups` is that of their normalisations, GroupNorm with eps 1e-6 and a gain and bias a channel.

struct VqganBlockOptions {
  std::int64_t inputs = 0;   // channels
  std::int64_t outputs = 0;  // channels
  std::int64_t groups = 32;
};

/// shortcut(x) + conv3x3(swish(norm(conv3x3(swish(norm(x)))))); the shortcut is the identity, or a
/// 1x1 product where the number of channels changes.
class VqganBlockImpl : public torch::nn::Module {
 public:
  explicit VqganBlockImpl(const VqganBlockOptions& options);
  at::Tensor forward(const at::Tensor& x);
  void close();  // the branch adds nothing

 private:
  torch::nn::GroupNorm norm1_{nullptr};
  torch::nn::Conv2d conv1_{nullptr};
  torch::nn::GroupNorm norm2_{nullptr};
  torch::nn::Conv2d conv2_{nullptr};
  torch::nn::Conv2d shortcut_{nullptr};  // none where the channels stay
};
TORCH_MODULE(VqganBlock);

/// x + out(attention(norm(x))): every cell sees the whole picture, one head over all channels.
class VqganAttentionImpl : public torch::nn::Module {
 public:
  VqganAttentionImpl(std::int64_t channels, std::int64_t groups);
  at::Tensor forward(const at::Tensor& x);
  void close();  // the branch adds nothing

 private:
  torch::nn::GroupNorm norm_{nullptr};
  nn::SelfAttention attention_{nullptr};
};
TORCH_MODULE(VqganAttention);

/// Block, attention, block at the token grid.
class VqganMiddleImpl : public torch::nn::Module {
 public:
  VqganMiddleImpl(std::int64_t channels, std::int64_t groups);
  at::Tensor forward(const at::Tensor& x);

 private:
  VqganBlock block0_{nullptr};
  VqganAttention attention_{nullptr};
  VqganBlock block1_{nullptr};
};
TORCH_MODULE(VqganMiddle);

/// swish(norm(x)) in front of a network's last convolution.
torch::nn::GroupNorm vqgan_norm(std::int64_t channels, std::int64_t groups);
at::Tensor norm_swish(torch::nn::GroupNorm& norm, const at::Tensor& x);

torch::nn::Conv2d conv3x3(std::int64_t inputs, std::int64_t outputs);
torch::nn::Conv2d conv1x1(std::int64_t inputs, std::int64_t outputs);

}  // namespace tessera::vqvae
