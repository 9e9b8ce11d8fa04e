#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include "diffusion/denoisers/transformer.h"
#include "nn/attention.h"
#include "nn/condition.h"
#include "nn/embedding.h"
#include "nn/feed_forward.h"
#include "nn/int8_attention.h"
#include "nn/linear.h"
#include "nn/residual_norm.h"

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
  nn::NormWeights forward(const TimeInput& time);  // 1 + scale and shift, [B, D] each

 private:
  nn::Embedding table_{nullptr};  // [T, D]; empty where the time vector is shared
  nn::Linear modulation_{nullptr};
};
TORCH_MODULE(TimeModulation);

/// The scale and shift of the AdaLN of a class: Linear(D -> 2D) of SiLU of the class's row.
class ClassModulationImpl : public torch::nn::Module {
 public:
  explicit ClassModulationImpl(const TransformerOptions& options);
  /// [B] int64, not negative -> [B, D] each. A label beyond the table is the mean of its rows.
  nn::NormWeights forward(const at::Tensor& labels);

 private:
  nn::Embedding table_{nullptr};  // [classes, D]
  nn::Linear modulation_{nullptr};
};
TORCH_MODULE(ClassModulation);

/// Gain and shift of a block's norms as far as time sets them, [B, D] each, or [1, D] where all
/// pictures share them.
struct BlockNorms {
  nn::NormWeights self{};
  nn::NormWeights cross{};  // empty without a text
  nn::NormWeights mlp{};    // empty with classes
};

/// What a block knows of the condition: the same at every time.
struct BlockCondition {
  nn::KeysValues text{};            // empty without a text
  nn::Int8KeysValues text_bytes{};  // in place of it in 8-bit blocks
  nn::NormWeights mlp{};  // of the norm before the MLP, [B, D] each; empty without classes
};

/// The weights of the norm before the MLP, of the class where there is one.
inline const nn::NormWeights& norm_of_mlp(const BlockNorms& norms,
                                          const BlockCondition& condition) {
  return condition.mlp.gain.defined() ? condition.mlp : norms.mlp;
}

/// The residual stream, [B, N, D], and the last branch, which is not added to it yet: the next norm
/// does both in one pass.
struct Stream {
  at::Tensor residual{};
  at::Tensor branch{};  // undefined = nothing to add
};

/// x += SelfAttention(AdaLN(x)); x += CrossAttention(AdaLN(x), text) where there is a text;
/// x += MLP(norm(x)). What depends on time or condition alone comes from outside, so that samplers
/// can keep it.
class TransformerBlockImpl : public torch::nn::Module {
 public:
  explicit TransformerBlockImpl(const TransformerOptions& options);
  BlockNorms norms(const TimeInput& time);
  /// REQUIRES: tokens or labels, whichever the options say.
  BlockCondition read(const nn::Condition& condition);
  /// Self-attention, which no prompt has a part in where it has none in the norm.
  Stream attend(const Stream& stream, const BlockNorms& norms);
  /// The rest of the block, behind attend(). mask from nn::attention_mask.
  Stream answer(const Stream& stream,
                const BlockNorms& norms,
                const BlockCondition& condition,
                const at::Tensor& mask);

 private:
  TimeModulation self_time_{nullptr};
  TimeModulation cross_time_{nullptr};
  TimeModulation mlp_time_{nullptr};  // one of these three
  ClassModulation mlp_class_{nullptr};
  torch::nn::LayerNorm mlp_norm_{nullptr};
  nn::SelfAttention self_attention_{nullptr};
  nn::CrossAttention cross_attention_{nullptr};
  nn::FeedForward mlp_{nullptr};  // one of these two
  nn::ConvolutionFeedForward convolution_{nullptr};
};
TORCH_MODULE(TransformerBlock);

}  // namespace tessera::diffusion
