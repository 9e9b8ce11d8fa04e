#include "eval/clip/published_clip.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "pipeline/published/clip_text_names.h"

namespace tessera::eval {
namespace {

using pipeline::NameEntry;
using pipeline::NameMap;

constexpr std::int64_t kHeadWidth = 64;

void pair(NameMap& map, const std::string& ours, const std::vector<std::string>& theirs) {
  for (const char* part : {".weight", ".bias"}) {
    NameEntry entry{.ours = ours + part};
    for (const std::string& name : theirs) entry.theirs.push_back(name + part);
    map.entries.push_back(std::move(entry));
  }
}

text::ClipTextOptions text_tower(const ClipOptions& o) {
  return {.vocabulary = o.text.vocabulary,
          .length = o.text.length,
          .width = o.text.tower.width,
          .layers = o.text.tower.layers,
          .heads = o.text.tower.heads,
          .mlp_width = o.text.tower.mlp_width,
          .layer_norm_eps = o.layer_norm_eps};
}

/// The text tower's names, ours below "text.".
NameMap text_names(const ClipOptions& o, pipeline::ClipTextNaming naming) {
  NameMap map = pipeline::clip_text_names(text_tower(o), naming);
  for (NameEntry& entry : map.entries) entry.ours = "text." + entry.ours;
  map.ignored.clear();
  return map;
}

void open_ai_vision(NameMap& map, std::int64_t layers) {
  const std::string root = "visual.";
  map.entries.push_back({"vision.embed", {root + "conv1.weight"}});
  map.entries.push_back({"vision.begin", {root + "class_embedding"}});
  map.entries.push_back({"vision.positions.weight", {root + "positional_embedding"}});
  map.entries.push_back({"vision.head", {root + "proj"}});
  pair(map, "vision.pre_norm", {root + "ln_pre"});
  pair(map, "vision.norm", {root + "ln_post"});
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string ours = concat("vision.layers.", i, ".");
    const std::string theirs = concat(root, "transformer.resblocks.", i, ".");
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
}

void hugging_face_vision(NameMap& map, std::int64_t layers) {
  const std::string root = "vision_model.";
  const std::string embeddings = root + "embeddings.";
  map.entries.push_back({"vision.embed", {embeddings + "patch_embedding.weight"}});
  map.entries.push_back({"vision.begin", {embeddings + "class_embedding"}});
  map.entries.push_back({"vision.positions.weight", {embeddings + "position_embedding.weight"}});
  map.entries.push_back({"vision.head", {"visual_projection.weight"}});
  pair(map, "vision.pre_norm", {root + "pre_layrnorm"});  // spelt so
  pair(map, "vision.norm", {root + "post_layernorm"});
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string ours = concat("vision.layers.", i, ".");
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
}

at::IntArrayRef shape_of(const io::StateDict& state,
                         const std::string& name,
                         std::int64_t dimensions,
                         const std::string& what) {
  const auto found = state.tensors.find(name);
  TESSERA_CHECK(found != state.tensors.end(), kShapeMismatch, what, ": no tensor \"", name, "\"");
  TESSERA_CHECK(found->second.dim() == dimensions,
                kShapeMismatch,
                what,
                ": \"",
                name,
                "\" must have ",
                dimensions,
                " dimensions, got ",
                found->second.sizes());
  return found->second.sizes();
}

/// A member of `config` of the kind that `Value` is, or what it is already where the key is absent.
template <typename Value>
void read(const io::Json& config, const char* key, Value& value, const std::string& what) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return;
  const bool fits = std::is_same_v<Value, std::string> ? found->is_string()
                    : std::is_same_v<Value, bool>      ? found->is_boolean()
                    : std::is_floating_point_v<Value>  ? found->is_number()
                                                       : found->is_number_integer();
  TESSERA_CHECK(fits,
                kInvalidArgument,
                what,
                ": ",
                key,
                " has the wrong type: ",
                found->dump(-1, ' ', true, io::Json::error_handler_t::replace));
  value = found->get<Value>();
}

io::Json section(const io::Json& config, const char* key, const std::string& what) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return io::Json::object();
  TESSERA_CHECK(found->is_object(), kInvalidArgument, what, ": ", key, " must be an object");
  return *found;
}

void read_tower(const io::Json& config, ClipTowerOptions& tower, const std::string& what) {
  read(config, "hidden_size", tower.width, what);
  read(config, "num_hidden_layers", tower.layers, what);
  read(config, "num_attention_heads", tower.heads, what);
  read(config, "intermediate_size", tower.mlp_width, what);
}

void read_three(const io::Json& config,
                const char* key,
                std::vector<double>& values,
                const std::string& what) {
  const auto found = config.find(key);
  if (found == config.end() || found->is_null()) return;
  bool fits = found->is_array() && found->size() == 3;
  for (std::size_t c = 0; fits && c < 3; ++c) fits = (*found)[c].is_number();
  TESSERA_CHECK(fits, kInvalidArgument, what, ": ", key, " must be three numbers");
  values = found->get<std::vector<double>>();
}

}  // namespace

ClipNaming clip_naming(const io::StateDict& published, const std::string& what) {
  const auto has = [&](const char* name) { return published.tensors.count(name) == 1; };
  if (has("visual.class_embedding")) return ClipNaming::kOpenAi;
  if (has("vision_model.embeddings.class_embedding")) return ClipNaming::kHuggingFace;
  TESSERA_CHECK(!has("visual.attnpool.positional_embedding") && !has("visual.trunk.cls_token"),
                kShapeMismatch,
                what,
                ": the vision tower of this CLIP is none of OpenAI's transformers (ViT), which "
                "alone are read");
  TESSERA_THROW(kShapeMismatch,
                what,
                " is no CLIP: neither \"visual.class_embedding\" nor "
                "\"vision_model.embeddings.class_embedding\" is there");
}

NameMap clip_names(const ClipOptions& o, ClipNaming naming) {
  const bool open_ai = naming == ClipNaming::kOpenAi;
  NameMap map = text_names(
      o, open_ai ? pipeline::ClipTextNaming::kOpenAi : pipeline::ClipTextNaming::kHuggingFace);
  map.entries.push_back({"logit_scale", {"logit_scale"}});
  map.entries.push_back({"text.head", {open_ai ? "text_projection" : "text_projection.weight"}});
  if (open_ai) {
    open_ai_vision(map, o.vision.tower.layers);
    map.ignored = {"input_resolution",
                   "context_length",
                   "vocab_size",
                   "visual.input_resolution",
                   "attn_mask",
                   "*.attn_mask"};
  } else {
    hugging_face_vision(map, o.vision.tower.layers);
    map.ignored = {"text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"};
  }
  return map;
}

io::StateDict with_turned_projections(io::StateDict published, ClipNaming naming) {
  if (naming != ClipNaming::kOpenAi) return published;
  for (const char* name : {"visual.proj", "text_projection"}) {
    const auto found = published.tensors.find(name);
    if (found != published.tensors.end() && found->second.dim() == 2) {
      found->second = found->second.t();
    }
  }
  return published;
}

ClipOptions clip_options_of_hugging_face(const io::Json& config, const std::string& what) {
  TESSERA_CHECK(config.is_object(), kInvalidArgument, what, " must hold an object");
  constexpr std::int64_t kLegacyEnd = 2;  // written by old versions, which took the largest id
  ClipOptions o;
  const io::Json vision = section(config, "vision_config", what);
  const io::Json text = section(config, "text_config", what);
  std::string text_activation = o.activation;
  double text_eps = o.layer_norm_eps;
  read_tower(vision, o.vision.tower, what + ": vision_config");
  read(vision, "image_size", o.vision.resolution, what);
  read(vision, "patch_size", o.vision.patch, what);
  read(vision, "hidden_act", o.activation, what);
  read(vision, "layer_norm_eps", o.layer_norm_eps, what);
  read_tower(text, o.text.tower, what + ": text_config");
  read(text, "vocab_size", o.text.vocabulary, what);
  read(text, "max_position_embeddings", o.text.length, what);
  read(text, "eos_token_id", o.text.end_token, what);
  read(text, "hidden_act", text_activation, what);
  read(text, "layer_norm_eps", text_eps, what);
  read(config, "projection_dim", o.projection, what);
  // A file may name an end token that its own vocabulary lacks: then none was ever changed.
  if (o.text.end_token == kLegacyEnd || o.text.end_token >= o.text.vocabulary) {
    o.text.end_token = -1;
  }
  TESSERA_CHECK(text_activation == o.activation && text_eps == o.layer_norm_eps,
                kInvalidArgument,
                what,
                ": both towers must have one hidden_act and one layer_norm_eps, got ",
                o.activation,
                ", ",
                text_activation,
                ", ",
                o.layer_norm_eps,
                " and ",
                text_eps);
  o.validate();
  return o;
}

ClipOptions clip_options_of_shapes(const io::StateDict& published, const std::string& what) {
  ClipOptions o;
  const text::ClipTextOptions text = pipeline::clip_text_options(published, what);
  o.text.vocabulary = text.vocabulary;
  o.text.length = text.length;
  o.text.tower = {text.width, text.layers, text.heads, text.mlp_width};
  const at::IntArrayRef patches = shape_of(published, "visual.conv1.weight", 4, what);
  const std::int64_t positions = shape_of(published, "visual.positional_embedding", 2, what)[0];
  const auto side =
      static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(positions - 1))));
  const auto inner = [](std::int64_t layer) {
    return concat("visual.transformer.resblocks.", layer, ".mlp.c_fc.weight");
  };
  o.vision.patch = patches[2];
  o.vision.resolution = side * patches[2];
  ClipTowerOptions& tower = o.vision.tower;
  tower.width = patches[0];
  tower.heads = std::max<std::int64_t>(patches[0] / kHeadWidth, 1);
  tower.mlp_width = shape_of(published, inner(0), 2, what)[0];
  tower.layers = 0;
  while (published.tensors.count(inner(tower.layers)) == 1) ++tower.layers;
  o.projection = shape_of(published, "visual.proj", 2, what)[1];
  o.validate();
  return o;
}

void apply_open_clip_config(ClipOptions& o, const io::Json& config, const std::string& what) {
  TESSERA_CHECK(config.is_object(), kInvalidArgument, what, " must hold an object");
  const io::Json model = section(config, "model_cfg", what);
  bool quick = false;
  std::int64_t head_width = kHeadWidth;
  read(model, "quick_gelu", quick, what);
  read(section(model, "vision_cfg", what), "head_width", head_width, what);
  read(section(model, "text_cfg", what), "heads", o.text.tower.heads, what);
  TESSERA_CHECK(head_width > 0, kInvalidArgument, what, ": head_width must be above 0");
  o.vision.tower.heads = std::max<std::int64_t>(o.vision.tower.width / head_width, 1);
  o.activation = quick ? "quick_gelu" : "gelu";
  const io::Json pictures = section(config, "preprocess_cfg", what);
  read_three(pictures, "mean", o.mean, what);
  read_three(pictures, "std", o.deviation, what);
  o.validate();
}

void apply_preprocessor_config(ClipOptions& o, const io::Json& config, const std::string& what) {
  TESSERA_CHECK(config.is_object(), kInvalidArgument, what, " must hold an object");
  read_three(config, "image_mean", o.mean, what);
  read_three(config, "image_std", o.deviation, what);
  o.validate();
}

}  // namespace tessera::eval
