#pragma once

#include <memory>
#include <string>

#include "eval/clip/clip_model.h"
#include "text/tokenizer.h"

namespace tessera::eval::test {

/// Two layers of width 16 and 12, 16 pixels, 30 pieces at most 10 long.
ClipOptions tiny_options();
/// Weights of seed 5 without zeros.
ClipModel random_clip(const ClipOptions& options);
ClipModel tiny_clip();

/// The tokenizer of the shipped model.
std::unique_ptr<const text::Tokenizer> shipped_tokenizer();

/// Rows of ids, 2 … and the end token 3, padded with 0.
at::Tensor ids_of(const std::vector<std::vector<std::int64_t>>& rows, std::int64_t length);

}  // namespace tessera::eval::test
