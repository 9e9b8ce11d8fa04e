#include "diffusion/denoisers/transformer_block.h"

#include <torch/nn.h>

#include "nn/adaptive_norm.h"
#include "nn/linear.h"

namespace tessera::diffusion {

TimeModulationImpl::TimeModulationImpl(const TransformerOptions& o) {
  if (o.time_embedding == "table") {
    table_ = register_module("table", torch::nn::Embedding(o.steps, o.width));
  }
  modulation_ = register_module("modulation", torch::nn::Linear(o.width, 2 * o.width));
}

at::Tensor TimeModulationImpl::forward(const TimeInput& time) {
  at::Tensor vector = time.shared;
  if (table_) vector = vector.defined() ? table_(time.index) + vector : table_(time.index);
  return nn::linear(modulation_, at::silu(vector));
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

BlockModulation TransformerBlockImpl::modulation(const TimeInput& time) {
  return {.self = self_time_(time),
          .cross = cross_time_(time),
          .mlp = mlp_time_ ? mlp_time_(time) : at::Tensor()};
}

nn::KeysValues TransformerBlockImpl::keys_values(const at::Tensor& condition) {
  return cross_attention_->keys_values(condition);
}

at::Tensor TransformerBlockImpl::forward(const at::Tensor& x,
                                         const BlockModulation& modulation,
                                         const nn::KeysValues& text,
                                         const at::Tensor& mask) {
  at::Tensor h = x;
  h = h + self_attention_(nn::adaptive_layer_norm(h, modulation.self));
  h = h + cross_attention_(nn::adaptive_layer_norm(h, modulation.cross), text, mask);
  return h + mlp_(mlp_norm_ ? mlp_norm_(h) : nn::adaptive_layer_norm(h, modulation.mlp));
}

}  // namespace tessera::diffusion
