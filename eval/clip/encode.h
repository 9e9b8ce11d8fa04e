#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "eval/clip/clip_model.h"
#include "text/tokenizer.h"

namespace tessera::eval {

/// Features of texts, and which of them were too long for the tower: those are cut at a word with
/// the end token kept, and `cut` holds the words that were left out ("" where nothing was).
struct EncodedTexts {
  at::Tensor features{};  // [B, P] float32, not divided by their norms
  std::vector<std::string> cut{};
};

/// Encodes texts of any number. They go through the tower sorted by length, `rows` at a time, each
/// group padded to its own longest only; the answer is in the order of `texts`. Differentiable.
EncodedTexts encode_texts(ClipModelImpl& model,
                          const text::Tokenizer& tokenizer,
                          std::span<const std::string> texts,
                          std::int64_t rows = 64);

}  // namespace tessera::eval
