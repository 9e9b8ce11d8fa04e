#include "text/clip_layer.h"

#include <torch/nn.h>

#include "core/error.h"

namespace tessera::text {

ClipActivation clip_activation_named(const std::string& name) {
  if (name == "quick_gelu") return ClipActivation::kGelu2;
  if (name == "gelu") return ClipActivation::kGelu;
  TESSERA_THROW(
      kInvalidArgument, "activation must be \"quick_gelu\" or \"gelu\", got \"", name, "\"");
}

ClipNormImpl::ClipNormImpl(std::int64_t width, double eps) : eps_(eps) {
  weight_ = register_parameter("weight", at::ones({width}));
  bias_ = register_parameter("bias", at::zeros({width}));
}

at::Tensor ClipNormImpl::forward(const at::Tensor& x) {
  return at::layer_norm(
      x, {x.size(-1)}, weight_.to(x.scalar_type()), bias_.to(x.scalar_type()), eps_);
}

void ClipNormImpl::reset() {
  const at::NoGradGuard no_grad;
  weight_.fill_(1.0);
  bias_.zero_();
}

ClipMlpImpl::ClipMlpImpl(const ClipLayerOptions& o) : activation_(o.activation) {
  up_ = register_module("up", nn::Linear(o.width, o.mlp_width));
  out_ = register_module("out", nn::Linear(o.mlp_width, o.width));
}

at::Tensor ClipMlpImpl::forward(const at::Tensor& x) {
  constexpr double kGelu2Slope = 1.702;
  const at::Tensor inner = up_(x);
  if (activation_ == ClipActivation::kGelu) return out_(at::gelu(inner));
  return out_(inner * at::sigmoid(inner * kGelu2Slope));
}

ClipLayerImpl::ClipLayerImpl(const ClipLayerOptions& o) {
  attention_norm_ = register_module("attention_norm", ClipNorm(o.width, o.layer_norm_eps));
  attention_ = register_module("attention", nn::SelfAttention(o.width, o.heads));
  mlp_norm_ = register_module("mlp_norm", ClipNorm(o.width, o.layer_norm_eps));
  mlp_ = register_module("mlp", ClipMlp(o));
}

at::Tensor ClipLayerImpl::forward(const at::Tensor& x,
                                  const at::Tensor& mask,
                                  at::ScalarType type) {
  const at::Tensor seen = x + attention_(attention_norm_(x).to(type), mask);
  return seen + mlp_(mlp_norm_(seen).to(type));
}

}  // namespace tessera::text
