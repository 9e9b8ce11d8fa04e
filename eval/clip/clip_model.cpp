#include "eval/clip/clip_model.h"

#include <cmath>

#include <torch/nn.h>

#include "core/error.h"
#include "nn/initialise.h"
#include "nn/linear.h"
#include "nn/rng.h"

namespace tessera::eval {
namespace {

constexpr double kMostScale = 100;  // Radford et al. 2021, section 2.5
constexpr double kFirstTemperature = 0.07;
constexpr double kPlace = 0.5;  // deviation of the first position vectors beside patches of about 1

at::ScalarType wide(at::ScalarType type) {
  return at::promote_types(type, at::kFloat);
}

text::ClipLayerOptions layer_options(const ClipTowerOptions& tower, const ClipOptions& o) {
  return {.width = tower.width,
          .heads = tower.heads,
          .mlp_width = tower.mlp_width,
          .layer_norm_eps = o.layer_norm_eps,
          .activation = text::clip_activation_named(o.activation)};
}

torch::nn::ModuleList make_layers(const ClipTowerOptions& tower, const ClipOptions& o) {
  torch::nn::ModuleList layers;
  for (std::int64_t i = 0; i < tower.layers; ++i) {
    layers->push_back(text::ClipLayer(layer_options(tower, o)));
  }
  return layers;
}

at::Tensor through(torch::nn::ModuleListImpl& layers,
                   at::Tensor x,
                   const at::Tensor& mask,
                   at::ScalarType type) {
  for (const auto& layer : layers) x = layer->as<text::ClipLayerImpl>()->forward(x, mask, type);
  return x;
}

/// [B, 3, S, S] -> [B, N, 3 p p]: rows of patches from the top left, each channel by channel.
at::Tensor patches_of(const at::Tensor& pixels, std::int64_t patch) {
  const std::int64_t rows = pixels.size(2) / patch;
  const std::int64_t columns = pixels.size(3) / patch;
  return pixels.reshape({pixels.size(0), 3, rows, patch, columns, patch})
      .permute({0, 2, 4, 1, 3, 5})
      .reshape({pixels.size(0), rows * columns, 3 * patch * patch});
}

void fill_normal(at::Tensor tensor, double deviation, std::uint64_t seed, std::int64_t stream) {
  const nn::Rng rng = nn::Rng::of_run(seed, stream, 1);
  tensor.copy_(rng.normal(Purpose::kInit, 1, tensor.sizes()).squeeze(0) * deviation);
}

}  // namespace

ClipVisionImpl::ClipVisionImpl(const ClipOptions& o) : patch_(o.vision.patch) {
  const ClipTowerOptions& tower = o.vision.tower;
  const std::int64_t side = o.vision.resolution / patch_;
  embed_ = register_parameter("embed", at::empty({tower.width, 3, patch_, patch_}));
  begin_ = register_parameter("begin", at::empty({tower.width}));
  positions_ = register_module("positions", nn::Embedding(1 + side * side, tower.width));
  pre_norm_ = register_module("pre_norm", text::ClipNorm(tower.width, o.layer_norm_eps));
  layers_ = register_module("layers", make_layers(tower, o));
  norm_ = register_module("norm", text::ClipNorm(tower.width, o.layer_norm_eps));
  head_ = register_parameter("head", at::empty({o.projection, tower.width}));
}

at::Tensor ClipVisionImpl::states(const at::Tensor& pixels) {
  const at::ScalarType type = embed_.scalar_type();
  const at::Tensor patches =
      nn::linear(patches_of(pixels, patch_).to(type), embed_.flatten(1), {}).to(wide(type));
  const at::Tensor begin = begin_.to(wide(type)).expand({pixels.size(0), 1, -1});
  const at::Tensor x = at::cat({begin, patches}, 1) + positions_->weight;
  return through(*layers_, pre_norm_(x), {}, type);
}

at::Tensor ClipVisionImpl::forward(const at::Tensor& pixels) {
  const at::Tensor read = norm_(states(pixels).select(1, 0));
  return nn::linear(read, head_, {}).to(at::kFloat);
}

ClipTextImpl::ClipTextImpl(const ClipOptions& o)
    : length_(o.text.length), end_token_(o.text.end_token) {
  const ClipTowerOptions& tower = o.text.tower;
  pieces_ = register_module("pieces", nn::Embedding(o.text.vocabulary, tower.width));
  positions_ = register_module("positions", nn::Embedding(length_, tower.width));
  layers_ = register_module("layers", make_layers(tower, o));
  norm_ = register_module("norm", text::ClipNorm(tower.width, o.layer_norm_eps));
  head_ = register_parameter("head", at::empty({o.projection, tower.width}));
}

at::Tensor ClipTextImpl::states(const at::Tensor& ids) {
  TESSERA_CHECK(ids.dim() == 2 && ids.size(1) >= 1 && ids.size(1) <= length_,
                kShapeMismatch,
                "ids must be [B, L] with L in 1..",
                length_,
                ", got ",
                ids.sizes());
  const std::int64_t length = ids.size(1);
  const at::ScalarType type = pieces_->weight.scalar_type();
  const at::Tensor causal = at::ones({1, 1, length, length}, ids.options().dtype(at::kBool)).tril();
  const at::Tensor x =
      pieces_(ids).to(wide(type)) + positions_->weight.slice(0, 0, length).to(wide(type));
  return norm_(through(*layers_, x, causal, type));
}

at::Tensor ClipTextImpl::forward(const at::Tensor& ids) {
  const at::Tensor seen = states(ids);
  const at::Tensor marked = end_token_ < 0 ? ids : ids.eq(end_token_).to(at::kLong);
  const at::Tensor end = marked.argmax(1).view({-1, 1, 1}).expand({-1, 1, seen.size(2)});
  return nn::linear(seen.gather(1, end).squeeze(1), head_, {}).to(at::kFloat);
}

ClipModelImpl::ClipModelImpl(const ClipOptions& options) : options_(options) {
  options_.validate();
  vision_ = register_module("vision", ClipVision(options_));
  text_ = register_module("text", ClipText(options_));
  logit_scale_ = register_parameter("logit_scale", at::empty({}));
}

at::Tensor ClipModelImpl::image_features(const at::Tensor& pixels) {
  const std::int64_t side = options_.vision.resolution;
  TESSERA_CHECK(
      pixels.dim() == 4 && pixels.size(1) == 3 && pixels.size(2) == side && pixels.size(3) == side,
      kShapeMismatch,
      "pixels must be [B, 3, ",
      side,
      ", ",
      side,
      "], got ",
      pixels.sizes());
  return vision_(pixels);
}

at::Tensor ClipModelImpl::text_features(const at::Tensor& ids) {
  return text_(ids);
}

at::Tensor ClipModelImpl::scale() const {
  return logit_scale_.to(at::kFloat).exp().clamp_max(kMostScale);
}

void initialise_clip(ClipModelImpl& model, std::uint64_t seed) {
  nn::initialise(model, seed);
  const at::NoGradGuard no_grad;
  for (const auto& module : model.modules()) {
    if (auto* norm = module->as<text::ClipNormImpl>()) norm->reset();
  }
  const ClipOptions& o = model.options();
  auto parameters = model.named_parameters();
  const double inputs = 3.0 * static_cast<double>(o.vision.patch * o.vision.patch);
  fill_normal(parameters["vision.embed"], 1 / std::sqrt(inputs), seed, 1);
  fill_normal(
      parameters["vision.head"], 1 / std::sqrt(static_cast<double>(o.vision.tower.width)), seed, 2);
  fill_normal(
      parameters["text.head"], 1 / std::sqrt(static_cast<double>(o.text.tower.width)), seed, 3);
  fill_normal(parameters["vision.positions.weight"], kPlace, seed, 4);
  parameters["logit_scale"].fill_(-std::log(kFirstTemperature));
}

at::Tensor unit_rows(const at::Tensor& features) {
  return features / features.norm(2, -1, /*keepdim=*/true).clamp_min(1e-12);
}

at::Tensor clip_pixels(const at::Tensor& images, const ClipOptions& o) {
  const auto channels = [&](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).to(images.options()).view({3, 1, 1});
  };
  return (images * 0.5 + 0.5 - channels(o.mean)) / channels(o.deviation);
}

}  // namespace tessera::eval
