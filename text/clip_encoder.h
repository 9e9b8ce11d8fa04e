#pragma once

#include <cstdint>
#include <memory>

#include "text/text_encoder.h"

namespace tessera::text {

/// The text tower of CLIP (Radford et al. 2021). The defaults are those of ViT-B/32, which every
/// published VQ-Diffusion model with a prompt uses.
struct ClipTextOptions {
  std::int64_t vocabulary = 49408;
  std::int64_t length = 77;  // L, most tokens of a prompt
  std::int64_t width = 512;  // D
  std::int64_t layers = 12;
  std::int64_t heads = 8;
  std::int64_t mlp_width = 2048;
  double layer_norm_eps = 1e-5;
  bool normalise = true;
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipTextOptions& o) {
  v("vocabulary", o.vocabulary, "pieces of the tokenizer");
  v("length", o.length, "padded prompt length in tokens");
  v("width", o.width, "width of the states");
  v("layers", o.layers, "transformer layers");
  v("heads", o.heads, "attention heads");
  v("mlp_width", o.mlp_width, "width inside the MLP");
  v("layer_norm_eps", o.layer_norm_eps, "added to the variance in every LayerNorm");
  v("normalise", o.normalise, "divide every token's state by its length");
}

/// Embedding + learned position, pre-norm layers (causal self-attention, MLP with GELU2), final
/// LayerNorm; no projection. The condition is every position's state, those behind the end token
/// too, each divided by its L2 norm; its mask is undefined: a denoiser attends to all.
/// Products run in the type of the weights (float32, bfloat16, float16), norms and the residual
/// stream in float32. The weights hold whatever was in memory until they are loaded.
/// Throws kInvalidArgument; encode() throws kShapeMismatch for more than `length` ids.
std::shared_ptr<TextEncoder> make_clip_encoder(const ClipTextOptions& options);

}  // namespace tessera::text
