#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"

namespace tessera::eval {

/// Sizes of one of the two transformers of a CLIP.
struct ClipTowerOptions {
  std::int64_t width = 512;  // D
  std::int64_t layers = 12;
  std::int64_t heads = 8;
  std::int64_t mlp_width = 2048;
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipTowerOptions& o) {
  v("width", o.width, "width of the states");
  v("layers", o.layers, "transformer layers");
  v("heads", o.heads, "attention heads");
  v("mlp_width", o.mlp_width, "width inside the MLP");
}

/// A vision transformer over square patches (Dosovitskiy et al. 2021).
struct ClipVisionOptions {
  std::int64_t resolution = 224;  // S, pixels a side
  std::int64_t patch = 32;        // pixels a side of a patch
  ClipTowerOptions tower{.width = 768, .layers = 12, .heads = 12, .mlp_width = 3072};
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipVisionOptions& o) {
  v("resolution", o.resolution, "side of the pictures in pixels");
  v("patch", o.patch, "side of a patch in pixels");
  visit_fields(v, o.tower);
}

struct ClipTextTowerOptions {
  std::int64_t vocabulary = 49408;
  std::int64_t length = 77;     // L, most tokens of a text, those of begin and end included
  std::int64_t end_token = -1;  // where a text's feature is read; -1 = at the largest id
  ClipTowerOptions tower{.width = 512, .layers = 12, .heads = 8, .mlp_width = 2048};
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipTextTowerOptions& o) {
  v("vocabulary", o.vocabulary, "pieces of the tokenizer; 0 = ask the tokenizer");
  v("length", o.length, "most tokens of a text");
  v("end_token", o.end_token, "id at which a text is read off; -1 = the largest id");
  visit_fields(v, o.tower);
}

/// A CLIP (Radford et al. 2021). The defaults are those of ViT-B/32.
struct ClipOptions {
  ClipVisionOptions vision{};
  ClipTextTowerOptions text{};
  std::int64_t projection = 512;          // width of the common space
  std::string activation = "quick_gelu";  // quick_gelu, gelu
  double layer_norm_eps = 1e-5;
  std::vector<double> mean = {0.48145466, 0.4578275, 0.40821073};  // of red, green, blue in [0, 1]
  std::vector<double> deviation = {0.26862954, 0.26130258, 0.27577711};
  /// Throws kInvalidArgument naming "vision.width" and the like.
  void validate() const;
};

/// What is beside the sections "vision" and "text".
template <typename Visitor>
void visit_fields(Visitor& v, ClipOptions& o) {
  v("projection", o.projection, "width of the common space");
  v("activation", o.activation, "quick_gelu (x sigmoid(1.702 x)) or gelu");
  v("layer_norm_eps", o.layer_norm_eps, "added to the variance in every LayerNorm");
  v("mean", o.mean, "mean of red, green and blue in [0, 1]");
  v("deviation", o.deviation, "standard deviation of red, green and blue");
}

}  // namespace tessera::eval
