#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include "diffusion/denoisers/transformer.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"

namespace tessera::diffusion {

/// What AdaLN layers see: the time, and what else is added to its vector.
struct TimeInput {
  at::Tensor index{};   // [B] int64, t - 1: row of the tables
  at::Tensor shared{};  // [B, D] added to every layer's time vector, or undefined
};

/// The scale and shift of one AdaLN: Linear(D -> 2D) of SiLU of the time vector.
class TimeModulationImpl : public torch::nn::Module {
 public:
  explicit TimeModulationImpl(const TransformerOptions& options);
  at::Tensor forward(const TimeInput& time);  // -> [B, 2D]

 private:
  torch::nn::Embedding table_{nullptr};  // [T, D]; empty where the time vector is shared
  torch::nn::Linear modulation_{nullptr};
};
TORCH_MODULE(TimeModulation);

/// Scale and shift of a block's norms, [B, 2D] or [1, 2D] each.
struct BlockModulation {
  at::Tensor self{};
  at::Tensor cross{};
  at::Tensor mlp{};  // undefined where the MLP has a plain LayerNorm
};

/// x += SelfAttention(AdaLN(x)); x += CrossAttention(AdaLN(x), text); x += MLP(norm(x)).
/// What depends on time or text alone comes from outside, so that samplers can keep it.
class TransformerBlockImpl : public torch::nn::Module {
 public:
  explicit TransformerBlockImpl(const TransformerOptions& options);
  BlockModulation modulation(const TimeInput& time);
  nn::KeysValues keys_values(const at::Tensor& condition);  // [B, L, C]
  /// x [B, N, D]; mask from nn::attention_mask.
  at::Tensor forward(const at::Tensor& x,
                     const BlockModulation& modulation,
                     const nn::KeysValues& text,
                     const at::Tensor& mask);

 private:
  TimeModulation self_time_{nullptr};
  TimeModulation cross_time_{nullptr};
  TimeModulation mlp_time_{nullptr};  // one of these two
  torch::nn::LayerNorm mlp_norm_{nullptr};
  nn::SelfAttention self_attention_{nullptr};
  nn::CrossAttention cross_attention_{nullptr};
  nn::FeedForward mlp_{nullptr};
};
TORCH_MODULE(TransformerBlock);

}  // namespace tessera::diffusion
