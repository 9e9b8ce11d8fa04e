#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/options.h"
#include "diffusion/denoiser.h"

namespace tessera::diffusion {

/// The transformer of VQ-Diffusion (Gu et al., CVPR 2022, section 4.3) and its published variants.
/// With time_embedding "table", pooled_text and mlp_adaln off it is a published network: of text,
/// of classes, or of neither; the latter two have no cross-attention.
struct TransformerOptions {
  std::int64_t codes = 1024;     // K, without the mask
  std::int64_t grid_height = 8;  // tokens of a picture: N = grid_height * grid_width
  std::int64_t grid_width = 8;
  std::int64_t position_side = 0;  // 0 = tables of rows and columns that fit the grid
  std::int64_t width = 192;        // D
  std::int64_t layers = 4;
  std::int64_t heads = 4;
  std::string mlp = "linear";  // or "convolution"
  std::int64_t mlp_ratio = 4;
  std::string condition = "text";        // or "class", "none"
  std::int64_t classes = 1000;           // rows of the class tables; condition "class" only
  std::int64_t condition_width = 128;    // of the text states
  std::int64_t condition_length = 24;    // of the learned null condition
  bool learned_null = true;              // the last class, where there are classes
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
  v("position_side",
    o.position_side,
    "side of square position tables that are read in order, whatever the grid's width (published "
    "models of 16x16 codes: 32); 0 = tables fit the grid");
  v("width", o.width, "width of the states");
  v("layers", o.layers, "transformer blocks");
  v("heads", o.heads, "attention heads");
  v("mlp", o.mlp, "linear, or convolution (3x3 windows over the grid)");
  v("mlp_ratio", o.mlp_ratio, "inner width of the MLP over the width");
  v("condition", o.condition, "text, class or none");
  v("classes", o.classes, "rows of the class tables");
  v("condition_width", o.condition_width, "width of the text states");
  v("condition_length", o.condition_length, "length of the learned null condition in tokens");
  v("learned_null",
    o.learned_null,
    "a learned null condition (text: of its own, classes: the last one); else the empty text, or "
    "the mean of all classes");
  v("steps", o.steps, "steps of the diffusion chain");
  v("time_embedding", o.time_embedding, "table (one a norm, as published) or sinusoidal (shared)");
  v("pooled_text", o.pooled_text, "add the mean text state to the time vector of every AdaLN");
  v("mlp_adaln", o.mlp_adaln, "AdaLN before the MLP too; published models have a plain LayerNorm");
}

/// Input: code embedding (K + 1 rows, the last for the mask) + row + column position. Token i is at
/// row i / side, column i % side of the position tables, side = position_side or the grid's width.
/// Blocks, each pre-norm and residual: self-attention, cross-attention to the text, MLP; a class
/// enters in an AdaLN before the MLP alone. Head: LayerNorm, Linear(D -> K).
///
/// A label beyond the class table stands for the mean of its rows: the null condition of models
/// that never learned one. Each picture of a batch is looked at by itself; the released code looks
/// at the first alone and takes its answer for all.
///
/// Weights are arbitrary until nn::initialise or a load. With weights in bfloat16 (nn::reserve) the
/// residual stream, the norms and the logits stay float32, as they do where answer_in() has the
/// products of the blocks packed; those models have no convolutions and are on the CPU.
std::shared_ptr<DiscreteDenoiser> make_transformer(const TransformerOptions& options);

}  // namespace tessera::diffusion
