#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <torch/nn/module.h>

#include "core/options.h"
#include "nn/condition.h"

namespace tessera::text {

/// Tessera's own text encoder, learned with the denoiser: embeddings and pre-norm transformer
/// layers.
struct TextEncoderOptions {
  std::int64_t vocabulary = 0;  // pieces of the tokenizer
  std::int64_t length = 24;     // L, padded prompt length, <bos> and <eos> included
  std::int64_t width = 128;     // D
  std::int64_t layers = 2;
  std::int64_t heads = 4;
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, TextEncoderOptions& o) {
  v("vocabulary", o.vocabulary, "pieces of the tokenizer; 0 = ask the tokenizer");
  v("length", o.length, "padded prompt length in tokens");
  v("width", o.width, "width of the states");
  v("layers", o.layers, "transformer layers");
  v("heads", o.heads, "attention heads");
}

class TextEncoder : public torch::nn::Module {
 public:
  /// ids [B, L] int64 (kPad pads) -> states [B, L, D] and the mask of real tokens. Padding never
  /// changes a real position.
  virtual nn::Condition encode(const at::Tensor& ids) = 0;
};

std::shared_ptr<TextEncoder> make_text_encoder(const TextEncoderOptions& options);

}  // namespace tessera::text
