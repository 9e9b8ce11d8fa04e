#include "text/clip_encoder.h"

#include <torch/nn.h>

#include "core/error.h"
#include "nn/embedding.h"
#include "text/clip_layer.h"

namespace tessera::text {
namespace {

/// Norms and sums are never narrower than float32.
at::ScalarType wide(at::ScalarType type) {
  return at::promote_types(type, at::kFloat);
}

ClipLayerOptions layer_options(const ClipTextOptions& o) {
  return {.width = o.width,
          .heads = o.heads,
          .mlp_width = o.mlp_width,
          .layer_norm_eps = o.layer_norm_eps};
}

class ClipEncoder final : public TextEncoder {
 public:
  explicit ClipEncoder(const ClipTextOptions& options) : options_(options) {
    pieces_ = register_module("pieces", nn::Embedding(options.vocabulary, options.width));
    positions_ = register_module("positions", nn::Embedding(options.length, options.width));
    layers_ = register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < options.layers; ++i) {
      layers_->push_back(ClipLayer(layer_options(options)));
    }
    norm_ = register_module("norm", ClipNorm(options.width, options.layer_norm_eps));
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
  ClipNorm norm_{nullptr};
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
