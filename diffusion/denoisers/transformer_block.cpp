#include "diffusion/denoisers/transformer_block.h"

#include <torch/nn.h>

namespace tessera::diffusion {
namespace {

/// Scale and shift of an AdaLN from its vector [B, D].
nn::NormWeights modulate(nn::Linear& modulation, const at::Tensor& vector) {
  const at::Tensor both = modulation(at::silu(vector));
  const auto halves = both.to(at::promote_types(both.scalar_type(), at::kFloat)).chunk(2, -1);
  return {.gain = halves[0] + 1.0, .shift = halves[1].contiguous()};
}

}  // namespace

TimeModulationImpl::TimeModulationImpl(const TransformerOptions& o) {
  if (o.time_embedding == "table") {
    table_ = register_module("table", nn::Embedding(o.steps, o.width));
  }
  modulation_ = register_module("modulation", nn::Linear(o.width, 2 * o.width));
}

nn::NormWeights TimeModulationImpl::forward(const TimeInput& time) {
  at::Tensor vector = time.shared;
  if (table_) vector = vector.defined() ? table_(time.index) + vector : table_(time.index);
  return modulate(modulation_, vector);
}

ClassModulationImpl::ClassModulationImpl(const TransformerOptions& o) {
  table_ = register_module("table", nn::Embedding(o.classes, o.width));
  modulation_ = register_module("modulation", nn::Linear(o.width, 2 * o.width));
}

nn::NormWeights ClassModulationImpl::forward(const at::Tensor& labels) {
  const std::int64_t classes = table_->weight.size(0);
  const at::Tensor own = table_(labels.clamp_max(classes - 1));
  const at::Tensor beyond = labels.ge(classes).unsqueeze(1);
  return modulate(modulation_, at::where(beyond, table_->weight.mean(0, /*keepdim=*/true), own));
}

TransformerBlockImpl::TransformerBlockImpl(const TransformerOptions& o) {
  self_time_ = register_module("self_time", TimeModulation(o));
  self_attention_ = register_module("self_attention", nn::SelfAttention(o.width, o.heads));
  if (o.condition == "text") {
    cross_time_ = register_module("cross_time", TimeModulation(o));
    cross_attention_ =
        register_module("cross_attention", nn::CrossAttention(o.width, o.condition_width, o.heads));
  }
  if (o.condition == "class") {
    mlp_class_ = register_module("mlp_class", ClassModulation(o));
  } else if (o.mlp_adaln) {
    mlp_time_ = register_module("mlp_time", TimeModulation(o));
  } else {
    mlp_norm_ =
        register_module("mlp_norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({o.width})));
  }
  if (o.mlp == "linear") {
    mlp_ = register_module("mlp", nn::FeedForward(o.width, o.mlp_ratio));
  } else {
    convolution_ =
        register_module("mlp",
                        nn::ConvolutionFeedForward(nn::ConvolutionFeedForwardImpl::Options{
                            .width = o.width, .ratio = o.mlp_ratio, .grid_height = o.grid_height}));
  }
}

BlockNorms TransformerBlockImpl::norms(const TimeInput& time) {
  BlockNorms norms{.self = self_time_(time)};
  if (cross_time_) norms.cross = cross_time_(time);
  if (mlp_time_) norms.mlp = mlp_time_(time);
  if (mlp_norm_) norms.mlp = nn::weights_of(mlp_norm_);
  return norms;
}

BlockCondition TransformerBlockImpl::read(const nn::Condition& condition) {
  BlockCondition known;
  if (cross_attention_) known.text = cross_attention_->keys_values(condition.tokens);
  if (mlp_class_) known.mlp = mlp_class_(condition.labels);
  return known;
}

Stream TransformerBlockImpl::attend(const Stream& stream, const BlockNorms& norms) {
  const auto before = nn::residual_norm(stream.residual, stream.branch, norms.self);
  return {.residual = before.sum, .branch = self_attention_(before.output)};
}

Stream TransformerBlockImpl::answer(const Stream& attended,
                                    const BlockNorms& norms,
                                    const BlockCondition& condition,
                                    const at::Tensor& mask) {
  Stream stream = attended;
  if (cross_attention_) {
    const auto before = nn::residual_norm(stream.residual, stream.branch, norms.cross);
    stream = {.residual = before.sum,
              .branch = cross_attention_(before.output, condition.text, mask)};
  }
  const auto before =
      nn::residual_norm(stream.residual, stream.branch, norm_of_mlp(norms, condition));
  return {.residual = before.sum,
          .branch = mlp_ ? mlp_(before.output) : convolution_(before.output)};
}

}  // namespace tessera::diffusion
