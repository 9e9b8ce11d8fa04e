#include "pipeline/published/known_models.h"

#include <array>
#include <utility>

#include "core/error.h"
#include "core/listed.h"
#include "pipeline/published/known_codecs.h"
#include "pipeline/published/published_sampling.h"

namespace tessera::pipeline {
namespace {

using diffusion::TransformerOptions;

TransformerOptions published(TransformerOptions o) {
  o.heads = 16;
  o.condition_width = 512;
  o.condition_length = 77;
  o.pooled_text = false;
  o.mlp_adaln = false;
  return o;
}

TransformerOptions of_texts(std::int64_t codes, std::int64_t width, std::int64_t layers) {
  return published({.codes = codes,
                    .grid_height = 32,
                    .grid_width = 32,
                    .width = width,
                    .layers = layers,
                    .learned_null = false});
}

/// 16x16 codes, read from position tables of 32x32.
TransformerOptions without_text(std::int64_t codes, std::int64_t layers, const char* condition) {
  return published({.codes = codes,
                    .grid_height = 16,
                    .grid_width = 16,
                    .position_side = 32,
                    .width = 512,
                    .layers = layers,
                    .mlp = "convolution",
                    .condition = condition,
                    .learned_null = false});
}

KnownModel assembled(const TransformerOptions& transformer, const char* codec) {
  KnownModel model{.transformer = transformer,
                   .chain = {.steps = transformer.steps},
                   .codec = known_codec(codec),
                   .sampling = original_sampling(transformer)};
  if (transformer.condition == "text") model.clip = text::ClipTextOptions{};
  return model;
}

KnownModel ithq() {
  TransformerOptions o = of_texts(4096, 1408, 36);
  o.learned_null = true;
  return assembled(o, "ithq");
}

KnownModel coco() {
  return assembled(of_texts(2887, 1024, 19), "openimages-f8");
}

KnownModel cub_small() {
  TransformerOptions o = of_texts(2887, 192, 18);
  o.mlp = "convolution";
  o.mlp_ratio = 2;
  return assembled(o, "openimages-f8");
}

KnownModel imagenet() {
  return assembled(without_text(974, 24, "class"), "imagenet-f16");
}

KnownModel imagenet_learnable() {
  TransformerOptions o = without_text(974, 24, "class");
  o.classes = 1001;
  o.learned_null = true;
  return assembled(o, "imagenet-f16");
}

KnownModel ffhq() {
  return assembled(without_text(1024, 20, "none"), "ffhq-f16");
}

KnownModel tiny() {
  KnownModel model = ithq();
  TransformerOptions& o = model.transformer;
  o.codes = 48;
  o.grid_height = o.grid_width = 4;
  o.width = 32;
  o.layers = 2;
  o.heads = 4;
  o.condition_width = 16;
  o.steps = 10;
  model.chain.steps = o.steps;
  vqvae::VqVaeOptions& codec = model.codec.options;
  codec.base_channels = 8;
  codec.channel_multipliers = {1, 2};
  codec.attention_levels = {1};
  codec.norm_groups = 4;
  codec.z_channels = 16;
  codec.code_dim = 8;
  codec.codebook_size = o.codes;
  codec.resolution = o.grid_width * codec.downsample();
  model.clip =
      text::ClipTextOptions{.width = o.condition_width, .layers = 2, .heads = 2, .mlp_width = 32};
  model.sampling = original_sampling(o);
  return model;
}

constexpr std::array<std::pair<const char*, KnownModel (*)()>, 7> kKnown{{
    {"ithq", ithq},
    {"coco", coco},
    {"cub-s", cub_small},
    {"imagenet", imagenet},
    {"imagenet-learnable", imagenet_learnable},
    {"ffhq", ffhq},
    {"tiny", tiny},
}};

}  // namespace

KnownModel known_model(std::string_view name) {
  for (const auto& [known, make] : kKnown) {
    if (name == known) return make();
  }
  TESSERA_THROW(kNotFound,
                "no published model is called \"",
                name,
                "\"; known: ",
                listed(known_model_names()));
}

std::vector<std::string> known_model_names() {
  std::vector<std::string> names;
  for (const auto& each : kKnown) names.emplace_back(each.first);
  return names;
}

}  // namespace tessera::pipeline
