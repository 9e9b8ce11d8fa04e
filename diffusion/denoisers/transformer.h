#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/options.h"
#include "diffusion/denoiser.h"

namespace tessera::diffusion {

/// The transformer of VQ-Diffusion (Gu et al., CVPR 2022, section 4.3). With time_embedding
/// "table", pooled_text and mlp_adaln off it is the published network.
struct TransformerOptions {
  std::int64_t codes = 1024;     // K, without the mask
  std::int64_t grid_height = 8;  // tokens of a picture: N = grid_height * grid_width
  std::int64_t grid_width = 8;
  std::int64_t width = 192;  // D
  std::int64_t layers = 4;
  std::int64_t heads = 4;
  std::int64_t mlp_ratio = 4;
  std::int64_t condition_width = 128;    // of the text states
  std::int64_t condition_length = 24;    // of the learned null condition
  std::int64_t steps = 100;              // T
  std::string time_embedding = "table";  // or "sinusoidal"
  bool pooled_text = true;
  bool mlp_adaln = true;
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, TransformerOptions& o) {
  v("codes", o.codes, "codes of the codebook, without the mask");
  v("grid_height", o.grid_height, "rows of codes in a picture");
  v("grid_width", o.grid_width, "columns of codes in a picture");
  v("width", o.width, "width of the states");
  v("layers", o.layers, "transformer blocks");
  v("heads", o.heads, "attention heads");
  v("mlp_ratio", o.mlp_ratio, "inner width of the MLP over the width");
  v("condition_width", o.condition_width, "width of the text states");
  v("condition_length", o.condition_length, "length of the learned null condition in tokens");
  v("steps", o.steps, "steps of the diffusion chain");
  v("time_embedding", o.time_embedding, "table (one a norm, as published) or sinusoidal (shared)");
  v("pooled_text", o.pooled_text, "add the mean text state to the time vector of every AdaLN");
  v("mlp_adaln", o.mlp_adaln, "AdaLN before the MLP too; published models have a plain LayerNorm");
}

/// Input: code embedding (K + 1 rows, the last for the mask) + row + column position. Blocks, each
/// pre-norm and residual: self-attention, cross-attention to the text, MLP. Head: LayerNorm,
/// Linear(D -> K). Weights are Torch's defaults until nn::initialise or a load.
std::shared_ptr<DiscreteDenoiser> make_transformer(const TransformerOptions& options);

}  // namespace tessera::diffusion
