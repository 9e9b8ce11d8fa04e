#include "vqvae/grid_attention.h"

#include <cmath>

#include <torch/nn.h>

namespace tessera::vqvae {
namespace {

constexpr std::int64_t kHeadChannels = 32;
constexpr std::int64_t kMlpRatio = 2;

torch::nn::LayerNorm channel_norm(std::int64_t channels) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}));
}

/// q, k, v [B, heads, N, d]. On the CPU the fused operator's backward pass in bf16 costs 13 times
/// that of three plain products (7.6 against 0.6 ms at B 16, 4 heads, N 64, d 32, one core).
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  if (!q.is_cpu() || !q.requires_grad()) return at::scaled_dot_product_attention(q, k, v);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  return at::matmul(at::matmul(q * scale, k.transpose(-1, -2)).softmax(-1), v);
}

}  // namespace

GridAttentionImpl::GridAttentionImpl(std::int64_t channels)
    : heads_(channels % kHeadChannels == 0 ? channels / kHeadChannels : 1),
      attention_norm_(register_module("attention_norm", channel_norm(channels))),
      qkv_(register_module("qkv", torch::nn::Linear(channels, 3 * channels))),
      out_(register_module("out", torch::nn::Linear(channels, channels))),
      mlp_norm_(register_module("mlp_norm", channel_norm(channels))),
      widen_(register_module("widen", torch::nn::Linear(channels, kMlpRatio * channels))),
      narrow_(register_module("narrow", torch::nn::Linear(kMlpRatio * channels, channels))) {}

at::Tensor GridAttentionImpl::forward(const at::Tensor& tokens) {
  const std::int64_t batch = tokens.size(0);
  const std::int64_t count = tokens.size(1);
  const std::int64_t channels = tokens.size(2);
  const std::vector<at::Tensor> qkv = qkv_(attention_norm_(tokens))
                                          .view({batch, count, 3, heads_, channels / heads_})
                                          .permute({2, 0, 3, 1, 4})
                                          .unbind(0);
  const at::Tensor seen = attend(qkv[0], qkv[1], qkv[2]);
  const at::Tensor x = tokens + out_(seen.transpose(1, 2).reshape({batch, count, channels}));
  return x + narrow_(at::silu(widen_(mlp_norm_(x))));
}

void GridAttentionImpl::close() {
  const at::NoGradGuard no_grad;
  for (torch::nn::Linear& last : {std::ref(out_), std::ref(narrow_)}) {
    last->weight.zero_();
    last->bias.zero_();
  }
}

GridTransformerImpl::GridTransformerImpl(const GridTransformerOptions& options) {
  if (options.blocks == 0) return;
  positions_ =
      register_parameter("positions", at::zeros({1, options.channels, options.grid, options.grid}));
  for (std::int64_t i = 0; i < options.blocks; ++i) {
    blocks_.push_back(
        register_module("block" + std::to_string(i), GridAttention(options.channels)));
  }
}

at::Tensor GridTransformerImpl::forward(const at::Tensor& x) {
  if (blocks_.empty()) return x;
  const std::int64_t height = x.size(2);
  const std::int64_t width = x.size(3);
  at::Tensor positions = positions_;
  if (height != positions.size(2) || width != positions.size(3)) {
    positions = at::upsample_bilinear2d(positions, {height, width}, /*align_corners=*/false);
  }
  // Channels-last memory makes both changes of shape free.
  at::Tensor tokens = (x + positions).flatten(2).transpose(1, 2);
  for (GridAttention& block : blocks_) tokens = block(tokens);
  return tokens.transpose(1, 2).unflatten(2, {height, width});
}

}  // namespace tessera::vqvae
