#include "diffusion/denoisers/unet_attention.h"

#include <torch/nn.h>

#include "core/error.h"
#include "diffusion/denoisers/unet_residual_block.h"

namespace tessera::diffusion {
namespace {

torch::nn::LayerNorm layer_norm(std::int64_t width) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({width}));
}

at::Tensor normalised_rows(const torch::nn::LayerNorm& norm, const at::Tensor& x) {
  const auto type = at::promote_types(norm->weight.scalar_type(), at::kFloat);
  return at::layer_norm(
      x.to(type), norm->options.normalized_shape(), norm->weight.to(type), norm->bias.to(type));
}

}  // namespace

UNetTextLayerImpl::UNetTextLayerImpl(std::int64_t width, const UNetOptions& o) {
  const std::int64_t heads = o.heads_of(width);
  self_norm_ = register_module("self_norm", layer_norm(width));
  self_attention_ = register_module("self_attention", nn::SelfAttention(width, heads));
  cross_norm_ = register_module("cross_norm", layer_norm(width));
  cross_attention_ =
      register_module("cross_attention", nn::CrossAttention(width, o.condition_width, heads));
  mlp_norm_ = register_module("mlp_norm", layer_norm(width));
  mlp_ = register_module("mlp", nn::FeedForward(width, o.feed_forward_ratio));
}

at::Tensor UNetTextLayerImpl::forward(at::Tensor x,
                                      const nn::KeysValues& text,
                                      const at::Tensor& mask) {
  x = x + self_attention_(normalised_rows(self_norm_, x));
  x = x + cross_attention_(normalised_rows(cross_norm_, x), text, mask);
  return x + mlp_(normalised_rows(mlp_norm_, x));
}

UNetAttentionImpl::UNetAttentionImpl(std::int64_t width, const UNetOptions& o) {
  norm_ = register_module("norm", unet_norm(width, o));
  if (o.condition != "text") {
    attention_ = register_module("attention", nn::SelfAttention(width, o.heads_of(width)));
    return;
  }
  enter_ = register_module("enter", nn::Linear(width, width));
  layers_ = register_module("layers", torch::nn::ModuleList());
  for (std::int64_t i = 0; i < o.text_layers; ++i) layers_->push_back(UNetTextLayer(width, o));
  out_ = register_module("out", nn::Linear(width, width));
}

std::vector<nn::KeysValues> UNetAttentionImpl::read(const at::Tensor& text) {
  std::vector<nn::KeysValues> known;
  if (!layers_) return known;
  for (const auto& layer : *layers_) known.push_back(layer->as<UNetTextLayerImpl>()->read(text));
  return known;
}

at::Tensor UNetAttentionImpl::forward(const at::Tensor& x,
                                      const std::vector<nn::KeysValues>& text,
                                      const at::Tensor& mask) {
  at::Tensor places = normalised(norm_, x).flatten(2).transpose(1, 2);  // [B, H W, width]
  if (attention_) {
    places = attention_(places);
  } else {
    TESSERA_CHECK(text.size() == layers_->size(), kInternal, "a text layer has not read its text");
    places = enter_(places).to(at::promote_types(enter_->weight.scalar_type(), at::kFloat));
    std::size_t i = 0;
    for (const auto& layer : *layers_) {
      places = layer->as<UNetTextLayerImpl>()->forward(places, text[i++], mask);
    }
    places = out_(places);
  }
  return x + places.transpose(1, 2).reshape(x.sizes()).to(x.scalar_type());
}

}  // namespace tessera::diffusion
