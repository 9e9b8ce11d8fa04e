#include "diffusion/denoisers/transformer_block.h"

#include <torch/nn.h>

#include "nn/linear.h"

namespace tessera::diffusion {

TimeModulationImpl::TimeModulationImpl(const TransformerOptions& o) {
  if (o.time_embedding == "table") {
    table_ = register_module("table", torch::nn::Embedding(o.steps, o.width));
  }
  modulation_ = register_module("modulation", torch::nn::Linear(o.width, 2 * o.width));
}

nn::NormWeights TimeModulationImpl::forward(const TimeInput& time) {
  at::Tensor vector = time.shared;
  if (table_) vector = vector.defined() ? table_(time.index) + vector : table_(time.index);
  const at::Tensor both = nn::linear(modulation_, at::silu(vector));
  const auto halves = both.to(at::promote_types(both.scalar_type(), at::kFloat)).chunk(2, -1);
  return {.gain = halves[0] + 1.0, .shift = halves[1].contiguous()};
}

TransformerBlockImpl::TransformerBlockImpl(const TransformerOptions& o) {
  self_time_ = register_module("self_time", TimeModulation(o));
  self_attention_ = register_module("self_attention", nn::SelfAttention(o.width, o.heads));
  cross_time_ = register_module("cross_time", TimeModulation(o));
  cross_attention_ =
      register_module("cross_attention", nn::CrossAttention(o.width, o.condition_width, o.heads));
  if (o.mlp_adaln) {
    mlp_time_ = register_module("mlp_time", TimeModulation(o));
  } else {
    mlp_norm_ =
        register_module("mlp_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({o.width})));
  }
  mlp_ = register_module("mlp", nn::FeedForward(o.width, o.mlp_ratio));
}

BlockNorms TransformerBlockImpl::norms(const TimeInput& time) {
  return {.self = self_time_(time),
          .cross = cross_time_(time),
          .mlp = mlp_time_ ? mlp_time_(time) : nn::weights_of(mlp_norm_)};
}

nn::KeysValues TransformerBlockImpl::keys_values(const at::Tensor& condition) {
  return cross_attention_->keys_values(condition);
}

Stream TransformerBlockImpl::forward(const Stream& stream,
                                     const BlockNorms& norms,
                                     const nn::KeysValues& text,
                                     const at::Tensor& mask) {
  const auto before_self = nn::residual_norm(stream.residual, stream.branch, norms.self);
  const auto before_cross =
      nn::residual_norm(before_self.sum, self_attention_(before_self.output), norms.cross);
  const auto before_mlp = nn::residual_norm(
      before_cross.sum, cross_attention_(before_cross.output, text, mask), norms.mlp);
  return {.residual = before_mlp.sum, .branch = mlp_(before_mlp.output)};
}

}  // namespace tessera::diffusion
