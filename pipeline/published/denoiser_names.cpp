#include "pipeline/published/denoiser_names.h"

#include <cmath>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::pipeline {
namespace {

using diffusion::TransformerOptions;

void check_published(const TransformerOptions& o) {
  o.validate();
  TESSERA_CHECK(
      !o.pooled_text && !o.mlp_adaln && o.time_embedding == "table",
      kInvalidArgument,
      "the published layouts have no place for pooled_text, mlp_adaln or sinusoidal times");
}

/// Collects entries of tensors that belong together.
class Names {
 public:
  void one(const std::string& ours, std::vector<std::string> theirs) {
    map_.entries.push_back({ours, std::move(theirs)});
  }
  /// Weight and bias of a layer of ours; of several layers of theirs, rows below one another.
  void layer(const std::string& ours, const std::vector<std::string>& theirs) {
    for (const char* part : {".weight", ".bias"}) {
      std::vector<std::string> names;
      for (const std::string& name : theirs) names.push_back(name + part);
      one(ours + part, std::move(names));
    }
  }
  /// A table and the product that makes scale and shift of its rows.
  void adaptive_norm(const std::string& ours, const std::string& theirs) {
    one(ours + ".table.weight", {theirs + ".emb.weight"});
    layer(ours + ".modulation", {theirs + ".linear"});
  }
  NameMap take(std::vector<std::string> ignored) {
    map_.ignored = std::move(ignored);
    return std::move(map_);
  }

 private:
  NameMap map_{};
};

void add_microsoft_block(Names& names, const TransformerOptions& o, std::int64_t index) {
  const std::string ours = concat("blocks.", index, ".");
  const std::string theirs = concat("transformer.blocks.", index, ".");
  const bool text = o.condition == "text";
  const std::string self = theirs + (text ? "attn1." : "attn.");
  names.adaptive_norm(ours + "self_time", theirs + "ln1");
  names.layer(ours + "self_attention.qkv", {self + "query", self + "key", self + "value"});
  names.layer(ours + "self_attention.out", {self + "proj"});
  if (text) {
    names.adaptive_norm(ours + "cross_time", theirs + "ln1_1");
    names.layer(ours + "cross_attention.query", {theirs + "attn2.query"});
    names.layer(ours + "cross_attention.key_value", {theirs + "attn2.key", theirs + "attn2.value"});
    names.layer(ours + "cross_attention.out", {theirs + "attn2.proj"});
  }
  if (o.condition == "class") {
    names.adaptive_norm(ours + "mlp_class", theirs + "ln2");
  } else {
    names.layer(ours + "mlp_norm", {theirs + "ln2"});
  }
  const bool linear = o.mlp == "linear";
  names.layer(ours + "mlp.up", {theirs + (linear ? "mlp.0" : "mlp.conv1")});
  names.layer(ours + "mlp.out", {theirs + (linear ? "mlp.2" : "mlp.conv2")});
}

void add_diffusers_block(Names& names, std::int64_t index) {
  const std::string ours = concat("blocks.", index, ".");
  const std::string theirs = concat("transformer_blocks.", index, ".");
  names.adaptive_norm(ours + "self_time", theirs + "norm1");
  names.layer(ours + "self_attention.qkv",
              {theirs + "attn1.to_q", theirs + "attn1.to_k", theirs + "attn1.to_v"});
  names.layer(ours + "self_attention.out", {theirs + "attn1.to_out.0"});
  names.adaptive_norm(ours + "cross_time", theirs + "norm2");
  names.layer(ours + "cross_attention.query", {theirs + "attn2.to_q"});
  names.layer(ours + "cross_attention.key_value", {theirs + "attn2.to_k", theirs + "attn2.to_v"});
  names.layer(ours + "cross_attention.out", {theirs + "attn2.to_out.0"});
  names.layer(ours + "mlp_norm", {theirs + "norm3"});
  names.layer(ours + "mlp.up", {theirs + "ff.net.0.proj"});
  names.layer(ours + "mlp.out", {theirs + "ff.net.2"});
}

/// Shapes of a checkpoint, asked for by name.
class Shapes {
 public:
  Shapes(const io::StateDict& published, const std::string& what)
      : published_(published), what_(what) {}

  bool has(const std::string& name) const { return published_.tensors.count(name) == 1; }
  /// Side `axis` of a tensor of `axes` axes.
  std::int64_t side(const std::string& name, std::int64_t axes, std::int64_t axis) const {
    const auto found = published_.tensors.find(name);
    TESSERA_CHECK(
        found != published_.tensors.end(), kShapeMismatch, what_, ": has no tensor ", name);
    TESSERA_CHECK(found->second.dim() == axes && found->second.numel() > 0,
                  kShapeMismatch,
                  what_,
                  ": ",
                  name,
                  " is ",
                  found->second.sizes(),
                  ", which is no shape of a denoiser");
    return found->second.size(axis);
  }
  std::int64_t rows(const std::string& table) const { return side(table, 2, 0); }

 private:
  const io::StateDict& published_;
  const std::string& what_;
};

/// Grid and position tables.
void set_sides(TransformerOptions& o,
               const Shapes& shapes,
               const MicrosoftDenoiserFacts& facts,
               const std::string& what) {
  constexpr std::int64_t kPublishedTable = 32;
  constexpr std::int64_t kTextlessGrid = 16;
  const std::int64_t height = shapes.rows("transformer.content_emb.height_emb.weight");
  const std::int64_t width = shapes.rows("transformer.content_emb.width_emb.weight");
  const std::string mask = "transformer.blocks.0.attn2.mask";
  o.grid_height = facts.grid_height;
  o.grid_width = facts.grid_width;
  if (facts.grid_height == 0 || facts.grid_width == 0) {
    const bool smaller =
        o.condition != "text" && height == kPublishedTable && width == kPublishedTable;
    const std::int64_t tokens = shapes.has(mask) ? shapes.side(mask, 4, 3) : height * width;
    const std::int64_t side = smaller ? kTextlessGrid : std::llround(std::sqrt(tokens));
    const bool fits = tokens == height * width && !smaller;
    TESSERA_CHECK(fits || smaller || side * side == tokens,
                  kShapeMismatch,
                  what,
                  ": ",
                  mask,
                  " tells of ",
                  tokens,
                  " tokens, which are no square");
    o.grid_height = fits ? height : side;
    o.grid_width = fits ? width : side;
  }
  if (o.grid_height == height && o.grid_width == width) return;
  TESSERA_CHECK(height == width,
                kShapeMismatch,
                what,
                ": position tables of ",
                height,
                " rows and ",
                width,
                " columns fit no grid of ",
                o.grid_height,
                "x",
                o.grid_width);
  o.position_side = width;
}

/// The number or word at `key`; `what` and the key are named where it is something else.
template <typename Value>
Value field(const io::Json& config, const char* key, const std::string& what) {
  const auto found = config.find(key);
  bool fits = found != config.end();
  if constexpr (std::is_same_v<Value, bool>) {
    fits = fits && found->is_boolean();
  } else if constexpr (std::is_same_v<Value, std::string>) {
    fits = fits && found->is_string();
  } else {
    fits = fits && found->is_number_integer();
  }
  TESSERA_CHECK(fits,
                kInvalidArgument,
                what,
                ": ",
                key,
                found == config.end() ? " is missing" : " is " + found->dump(),
                "; a transformer over codes has ",
                std::is_same_v<Value, bool>          ? "true or false"
                : std::is_same_v<Value, std::string> ? "a word"
                                                     : "a whole number",
                " there");
  return found->template get<Value>();
}

}  // namespace

NameMap microsoft_denoiser_names(const TransformerOptions& o) {
  check_published(o);
  Names names;
  names.one("code.weight", {"transformer.content_emb.emb.weight"});
  names.one("row.weight", {"transformer.content_emb.height_emb.weight"});
  names.one("column.weight", {"transformer.content_emb.width_emb.weight"});
  for (std::int64_t i = 0; i < o.layers; ++i) add_microsoft_block(names, o, i);
  names.layer("norm", {"transformer.to_logits.0"});
  names.layer("head", {"transformer.to_logits.1"});
  if (o.condition == "text" && o.learned_null) names.one("null", {"empty_text_embed"});
  return names.take(
      {"transformer.blocks.*.attn2.mask", "log_*", "Lt_history", "Lt_count", "condition_emb.*"});
}

NameMap diffusers_denoiser_names(const TransformerOptions& o) {
  check_published(o);
  TESSERA_CHECK(o.condition == "text" && o.mlp == "linear" && o.grid_height == o.grid_width &&
                    (o.position_side == 0 || o.position_side == o.grid_width),
                kInvalidArgument,
                "the diffusers layout holds models of a text alone, with a linear mlp, on a square "
                "grid with position tables of its own size");
  Names names;
  names.one("code.weight", {"latent_image_embedding.emb.weight"});
  names.one("row.weight", {"latent_image_embedding.height_emb.weight"});
  names.one("column.weight", {"latent_image_embedding.width_emb.weight"});
  for (std::int64_t i = 0; i < o.layers; ++i) add_diffusers_block(names, i);
  names.layer("norm", {"norm_out"});
  names.layer("head", {"out"});
  if (o.learned_null) names.one("null", {"embeddings"});
  return names.take({});
}

TransformerOptions microsoft_denoiser_options(const io::StateDict& published,
                                              const MicrosoftDenoiserFacts& facts,
                                              const std::string& what) {
  constexpr std::int64_t kClassesWithNull = 1001;
  const Shapes shapes(published, what);
  const std::string first = "transformer.blocks.0.";
  const std::string codes = "transformer.content_emb.emb.weight";
  TransformerOptions o{.codes = shapes.rows(codes) - 1,
                       .width = shapes.side(codes, 2, 1),
                       .layers = 0,
                       .heads = facts.heads,
                       .condition_length = 77,
                       .learned_null = shapes.has("empty_text_embed"),
                       .steps = shapes.rows(first + "ln1.emb.weight"),
                       .pooled_text = false,
                       .mlp_adaln = false};
  while (shapes.has(concat("transformer.blocks.", o.layers, ".ln1.emb.weight"))) ++o.layers;
  if (shapes.has(first + "attn2.key.weight")) {
    o.condition_width = shapes.side(first + "attn2.key.weight", 2, 1);
    if (o.learned_null) o.condition_length = shapes.rows("empty_text_embed");
  } else if (shapes.has(first + "ln2.emb.weight")) {
    o.condition = "class";
    o.classes = shapes.rows(first + "ln2.emb.weight");
    o.learned_null = o.classes == kClassesWithNull;
  } else {
    o.condition = "none";
    o.learned_null = false;
  }
  const bool convolution = shapes.has(first + "mlp.conv1.weight");
  o.mlp = convolution ? "convolution" : "linear";
  const std::int64_t inner = convolution ? shapes.side(first + "mlp.conv1.weight", 4, 0)
                                         : shapes.rows(first + "mlp.0.weight");
  o.mlp_ratio = inner / o.width;
  set_sides(o, shapes, facts, what);
  o.validate();
  return o;
}

TransformerOptions diffusers_denoiser_options(const io::Json& transformer,
                                              const io::Json& null_embedding,
                                              const std::string& what) {
  TESSERA_CHECK(field<std::string>(transformer, "activation_fn", what) == "geglu-approximate" &&
                    field<bool>(transformer, "attention_bias", what),
                kInvalidArgument,
                what,
                ": a VQ-Diffusion transformer has activation_fn \"geglu-approximate\" and "
                "attention_bias true");
  const auto number = [&](const char* key) { return field<std::int64_t>(transformer, key, what); };
  TransformerOptions o{.codes = number("num_vector_embeds") - 1,
                       .grid_height = number("sample_size"),
                       .grid_width = number("sample_size"),
                       .layers = number("num_layers"),
                       .heads = number("num_attention_heads"),
                       .condition_width = number("cross_attention_dim"),
                       .condition_length = 77,
                       .learned_null = false,
                       .steps = number("num_embeds_ada_norm"),
                       .pooled_text = false,
                       .mlp_adaln = false};
  o.width = o.heads * number("attention_head_dim");
  if (!null_embedding.is_null()) {
    const std::string where = what + ": learned embeddings";
    o.learned_null = field<bool>(null_embedding, "learnable", where);
    if (o.learned_null) o.condition_length = field<std::int64_t>(null_embedding, "length", where);
  }
  o.validate();
  return o;
}

}  // namespace tessera::pipeline
