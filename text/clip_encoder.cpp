#include "text/clip_encoder.h"

#include <torch/nn.h>

#include "core/error.h"
#include "nn/attention.h"
#include "nn/embedding.h"
#include "nn/linear.h"

namespace tessera::text {
namespace {

/// Norms and sums are never narrower than float32.
at::ScalarType wide(at::ScalarType type) {
  return at::promote_types(type, at::kFloat);
}

class NormImpl : public torch::nn::Module {
 public:
  NormImpl(std::int64_t width, double eps) : eps_(eps) {
    weight_ = register_parameter("weight", at::ones({width}));
    bias_ = register_parameter("bias", at::zeros({width}));
  }

  at::Tensor forward(const at::Tensor& x) {
    return at::layer_norm(
        x, {x.size(-1)}, weight_.to(x.scalar_type()), bias_.to(x.scalar_type()), eps_);
  }

 private:
  double eps_;
  at::Tensor weight_;
  at::Tensor bias_;
};
TORCH_MODULE(Norm);

/// The MLP of any width. GELU2 is not folded into the weights as in nn::FeedForward: that would
/// round weights of two bytes a second time.
class MlpImpl : public torch::nn::Module {
 public:
  MlpImpl(std::int64_t width, std::int64_t inner) {
    up_ = register_module("up", nn::Linear(width, inner));
    out_ = register_module("out", nn::Linear(inner, width));
  }

  at::Tensor forward(const at::Tensor& x) {
    constexpr double kGelu2Slope = 1.702;
    const at::Tensor inner = up_(x);
    return out_(inner * at::sigmoid(inner * kGelu2Slope));
  }

 private:
  nn::Linear up_{nullptr};
  nn::Linear out_{nullptr};
};
TORCH_MODULE(Mlp);

class ClipLayerImpl : public torch::nn::Module {
 public:
  explicit ClipLayerImpl(const ClipTextOptions& o) {
    attention_norm_ = register_module("attention_norm", Norm(o.width, o.layer_norm_eps));
    attention_ = register_module("attention", nn::SelfAttention(o.width, o.heads));
    mlp_norm_ = register_module("mlp_norm", Norm(o.width, o.layer_norm_eps));
    mlp_ = register_module("mlp", Mlp(o.width, o.mlp_width));
  }

  /// x [B, L, D] in the wide type; the branches run in `type`, that of the weights.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& mask, at::ScalarType type) {
    const at::Tensor seen = x + attention_(attention_norm_(x).to(type), mask);
    return seen + mlp_(mlp_norm_(seen).to(type));
  }

 private:
  Norm attention_norm_{nullptr};
  nn::SelfAttention attention_{nullptr};
  Norm mlp_norm_{nullptr};
  Mlp mlp_{nullptr};
};
TORCH_MODULE(ClipLayer);

class ClipEncoder final : public TextEncoder {
 public:
  explicit ClipEncoder(const ClipTextOptions& options) : options_(options) {
    pieces_ = register_module("pieces", nn::Embedding(options.vocabulary, options.width));
    positions_ = register_module("positions", nn::Embedding(options.length, options.width));
    layers_ = register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < options.layers; ++i) layers_->push_back(ClipLayer(options));
    norm_ = register_module("norm", Norm(options.width, options.layer_norm_eps));
  }

  nn::Condition encode(const at::Tensor& ids) override {
    TESSERA_CHECK(ids.dim() == 2 && ids.size(1) <= options_.length,
                  kShapeMismatch,
                  "ids must be [B, L] with L at most ",
                  options_.length,
                  ", got ",
                  ids.sizes());
    const std::int64_t length = ids.size(1);
    const at::ScalarType type = pieces_->weight.scalar_type();
    const at::Tensor causal =
        at::ones({1, 1, length, length}, ids.options().dtype(at::kBool)).tril();
    at::Tensor x = pieces_(ids).to(wide(type)) + positions_->weight.slice(0, 0, length);
    for (const auto& layer : *layers_) x = layer->as<ClipLayerImpl>()->forward(x, causal, type);
    const at::Tensor states = norm_(x);
    if (!options_.normalise) return {.tokens = states};
    return {.tokens = states / states.norm(2, -1, /*keepdim=*/true)};
  }

 private:
  ClipTextOptions options_;
  nn::Embedding pieces_{nullptr};
  nn::Embedding positions_{nullptr};
  torch::nn::ModuleList layers_{nullptr};
  Norm norm_{nullptr};
};

}  // namespace

void ClipTextOptions::validate() const {
  const auto positive = [](const char* name, std::int64_t value) {
    TESSERA_CHECK(value > 0, kInvalidArgument, name, " must be positive, got ", value);
  };
  positive("vocabulary", vocabulary);
  positive("width", width);
  positive("heads", heads);
  positive("mlp_width", mlp_width);
  TESSERA_CHECK(length >= 2, kInvalidArgument, "length must be at least 2, got ", length);
  TESSERA_CHECK(layers >= 0, kInvalidArgument, "layers must not be negative, got ", layers);
  TESSERA_CHECK(width % heads == 0,
                kInvalidArgument,
                "width must be a multiple of heads, got width ",
                width,
                " and heads ",
                heads);
  TESSERA_CHECK(layer_norm_eps > 0 && layer_norm_eps < 1,
                kInvalidArgument,
                "layer_norm_eps must be over 0 and below 1, got ",
                layer_norm_eps);
}

std::shared_ptr<TextEncoder> make_clip_encoder(const ClipTextOptions& options) {
  options.validate();
  return std::make_shared<ClipEncoder>(options);
}

}  // namespace tessera::text
