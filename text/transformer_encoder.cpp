#include "text/transformer_encoder.h"

#include <tuple>
#include <utility>

#include <torch/nn.h>

#include "core/error.h"
#include "nn/attention.h"
#include "nn/embedding.h"
#include "nn/feed_forward.h"
#include "nn/residual_norm.h"
#include "text/tokenizer.h"

namespace tessera::text {
namespace {

class LayerImpl : public torch::nn::Module {
 public:
  explicit LayerImpl(const TextEncoderOptions& o) {
    const auto norm = torch::nn::LayerNormOptions({o.width});
    attention_norm_ = register_module("attention_norm", torch::nn::LayerNorm(norm));
    attention_ = register_module("attention", nn::SelfAttention(o.width, o.heads));
    mlp_norm_ = register_module("mlp_norm", torch::nn::LayerNorm(norm));
    mlp_ = register_module("mlp", nn::FeedForward(o.width, 4));
  }

  /// Adds `branch` to `x` and takes both on: the sum and the MLP's branch, which is not added yet.
  std::pair<at::Tensor, at::Tensor> forward(const at::Tensor& x,
                                            const at::Tensor& branch,
                                            const at::Tensor& mask) {
    const auto first = nn::residual_norm(x, branch, nn::weights_of(attention_norm_));
    const auto second =
        nn::residual_norm(first.sum, attention_(first.output, mask), nn::weights_of(mlp_norm_));
    return {second.sum, mlp_(second.output)};
  }

 private:
  torch::nn::LayerNorm attention_norm_{nullptr};
  nn::SelfAttention attention_{nullptr};
  torch::nn::LayerNorm mlp_norm_{nullptr};
  nn::FeedForward mlp_{nullptr};
};
TORCH_MODULE(Layer);

class TransformerEncoder final : public TextEncoder {
 public:
  explicit TransformerEncoder(const TextEncoderOptions& options) : options_(options) {
    pieces_ = register_module("pieces", nn::Embedding(options.vocabulary, options.width));
    positions_ = register_module("positions", nn::Embedding(options.length, options.width));
    layers_ = register_module("layers", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < options.layers; ++i) layers_->push_back(Layer(options));
    norm_ =
        register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({options.width})));
  }

  nn::Condition encode(const at::Tensor& ids) override {
    TESSERA_CHECK(ids.dim() == 2 && ids.size(1) <= options_.length,
                  kShapeMismatch,
                  "ids must be [B, L] with L at most ",
                  options_.length,
                  ", got ",
                  ids.sizes());
    const at::Tensor mask = ids.ne(kPad);
    at::Tensor branch;  // of the layer before, added by the next norm
    at::Tensor x = pieces_(ids) + positions_->weight.slice(0, 0, ids.size(1));
    for (const auto& layer : *layers_) {
      std::tie(x, branch) = layer->as<LayerImpl>()->forward(x, branch, nn::attention_mask(mask));
    }
    const at::Tensor states = nn::residual_norm(x, branch, nn::weights_of(norm_)).output;
    return {.tokens = states.to(at::promote_types(states.scalar_type(), at::kFloat)), .mask = mask};
  }

 private:
  TextEncoderOptions options_;
  nn::Embedding pieces_{nullptr};
  nn::Embedding positions_{nullptr};
  torch::nn::ModuleList layers_{nullptr};
  torch::nn::LayerNorm norm_{nullptr};
};

void check_positive(const char* name, std::int64_t value) {
  TESSERA_CHECK(value > 0, kInvalidArgument, name, " must be positive, got ", value);
}

}  // namespace

void TextEncoderOptions::validate() const {
  TESSERA_CHECK(vocabulary > kEnd + 1,
                kInvalidArgument,
                "vocabulary must be over ",
                kEnd + 1,
                " pieces, got ",
                vocabulary);
  TESSERA_CHECK(length >= 2, kInvalidArgument, "length must be at least 2, got ", length);
  TESSERA_CHECK(layers >= 0, kInvalidArgument, "layers must not be negative, got ", layers);
  check_positive("width", width);
  check_positive("heads", heads);
  TESSERA_CHECK(width % heads == 0,
                kInvalidArgument,
                "width must be a multiple of heads, got width ",
                width,
                " and heads ",
                heads);
}

std::shared_ptr<TextEncoder> make_transformer_encoder(const TextEncoderOptions& options) {
  options.validate();
  return std::make_shared<TransformerEncoder>(options);
}

std::shared_ptr<TextEncoder> make_text_encoder(const TextEncoderOptions& options) {
  return make_transformer_encoder(options);
}

}  // namespace tessera::text
