#include "pipeline/published/clip_text_names.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::pipeline {
namespace {

constexpr const char* kRoot = "text_model.";

/// Weight and bias of one layer.
void pair(NameMap& map, const std::string& ours, const std::vector<std::string>& theirs) {
  for (const char* part : {".weight", ".bias"}) {
    NameEntry entry{.ours = ours + part};
    for (const std::string& name : theirs) entry.theirs.push_back(name + part);
    map.entries.push_back(std::move(entry));
  }
}

NameMap open_ai_names(std::int64_t layers) {
  NameMap map{.entries = {{"pieces.weight", {"token_embedding.weight"}},
                          {"positions.weight", {"positional_embedding"}}},
              .ignored = {"text_projection",
                          "logit_scale",
                          "visual.*",
                          "input_resolution",
                          "context_length",
                          "vocab_size"}};
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string ours = concat("layers.", i, ".");
    const std::string theirs = concat("transformer.resblocks.", i, ".");
    pair(map, ours + "attention_norm", {theirs + "ln_1"});
    for (const char* part : {"weight", "bias"}) {
      map.entries.push_back({.ours = concat(ours, "attention.qkv.", part),
                             .theirs = {concat(theirs, "attn.in_proj_", part)}});
    }
    pair(map, ours + "attention.out", {theirs + "attn.out_proj"});
    pair(map, ours + "mlp_norm", {theirs + "ln_2"});
    pair(map, ours + "mlp.up", {theirs + "mlp.c_fc"});
    pair(map, ours + "mlp.out", {theirs + "mlp.c_proj"});
  }
  pair(map, "norm", {"ln_final"});
  return map;
}

NameMap hugging_face_names(std::int64_t layers, const std::string& root) {
  const std::string embeddings = root + "embeddings.";
  NameMap map{.entries = {{"pieces.weight", {embeddings + "token_embedding.weight"}},
                          {"positions.weight", {embeddings + "position_embedding.weight"}}},
              .ignored = {embeddings + "position_ids",
                          "text_projection.*",
                          "logit_scale",
                          "vision_model.*",
                          "visual_projection.*"}};
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string ours = concat("layers.", i, ".");
    const std::string theirs = concat(root, "encoder.layers.", i, ".");
    const std::string attention = theirs + "self_attn.";
    pair(map, ours + "attention_norm", {theirs + "layer_norm1"});
    pair(map,
         ours + "attention.qkv",
         {attention + "q_proj", attention + "k_proj", attention + "v_proj"});
    pair(map, ours + "attention.out", {attention + "out_proj"});
    pair(map, ours + "mlp_norm", {theirs + "layer_norm2"});
    pair(map, ours + "mlp.up", {theirs + "mlp.fc1"});
    pair(map, ours + "mlp.out", {theirs + "mlp.fc2"});
  }
  pair(map, "norm", {root + "final_layer_norm"});
  return map;
}

/// A number of `config`, or what `value` is already where the key is absent.
template <typename Number>
void read(const io::Json& config, const char* key, Number& value, const std::string& what) {
  const auto found = config.find(key);
  if (found == config.end()) return;
  const bool fits =
      std::is_floating_point_v<Number> ? found->is_number() : found->is_number_integer();
  TESSERA_CHECK(fits, kInvalidArgument, what, ": ", key, " must be a number, got ", found->dump());
  value = found->get<Number>();
}

at::IntArrayRef matrix(const io::StateDict& state,
                       const std::string& name,
                       const std::string& what) {
  const auto found = state.tensors.find(name);
  TESSERA_CHECK(found != state.tensors.end(), kShapeMismatch, what, ": no tensor \"", name, "\"");
  TESSERA_CHECK(found->second.dim() == 2,
                kShapeMismatch,
                what,
                ": \"",
                name,
                "\" must be a matrix, got ",
                found->second.sizes());
  return found->second.sizes();
}

}  // namespace

ClipTextNaming clip_text_naming(const io::StateDict& published, const std::string& what) {
  const auto has = [&](const std::string& name) { return published.tensors.count(name) == 1; };
  if (has("token_embedding.weight")) return ClipTextNaming::kOpenAi;
  const std::string embedding = "embeddings.token_embedding.weight";
  if (has(kRoot + embedding)) return ClipTextNaming::kHuggingFace;
  TESSERA_CHECK(has(embedding),
                kShapeMismatch,
                what,
                " is no text encoder of CLIP: neither \"token_embedding.weight\" nor \"",
                kRoot,
                embedding,
                "\" nor \"",
                embedding,
                "\" is there");
  return ClipTextNaming::kHuggingFaceNoRoot;
}

NameMap clip_text_names(const text::ClipTextOptions& options, ClipTextNaming naming) {
  if (naming == ClipTextNaming::kOpenAi) return open_ai_names(options.layers);
  return hugging_face_names(options.layers, naming == ClipTextNaming::kHuggingFace ? kRoot : "");
}

text::ClipTextOptions clip_text_options(const io::Json& config, const std::string& what) {
  TESSERA_CHECK(config.is_object(), kInvalidArgument, what, " must hold an object");
  const auto nested = config.find("text_config");
  if (nested != config.end()) return clip_text_options(*nested, what + ": text_config");
  const auto activation = config.find("hidden_act");
  TESSERA_CHECK(activation == config.end() || *activation == "quick_gelu",
                kInvalidArgument,
                what,
                ": hidden_act must be \"quick_gelu\", got ",
                activation->dump());
  text::ClipTextOptions options;
  read(config, "vocab_size", options.vocabulary, what);
  read(config, "max_position_embeddings", options.length, what);
  read(config, "hidden_size", options.width, what);
  read(config, "num_hidden_layers", options.layers, what);
  read(config, "num_attention_heads", options.heads, what);
  read(config, "intermediate_size", options.mlp_width, what);
  read(config, "layer_norm_eps", options.layer_norm_eps, what);
  options.validate();
  return options;
}

text::ClipTextOptions clip_text_options(const io::StateDict& published, const std::string& what) {
  constexpr std::int64_t kHeadWidth = 64;
  const at::IntArrayRef pieces = matrix(published, "token_embedding.weight", what);
  text::ClipTextOptions options{.vocabulary = pieces[0], .width = pieces[1], .layers = 0};
  options.length = matrix(published, "positional_embedding", what)[0];
  TESSERA_CHECK(options.width > 0 && options.width % kHeadWidth == 0,
                kShapeMismatch,
                what,
                ": the width must be a multiple of ",
                kHeadWidth,
                ", got ",
                options.width);
  options.heads = options.width / kHeadWidth;
  const auto inner = [](std::int64_t layer) {
    return concat("transformer.resblocks.", layer, ".mlp.c_fc.weight");
  };
  options.mlp_width = matrix(published, inner(0), what)[0];
  while (published.tensors.count(inner(options.layers)) == 1) ++options.layers;
  return options;
}

}  // namespace tessera::pipeline
