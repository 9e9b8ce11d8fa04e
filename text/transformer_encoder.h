#pragma once

#include "text/text_encoder.h"

namespace tessera::text {

/// Embedding + learned position, pre-norm layers (self-attention over the real tokens, MLP ×4,
/// GELU2), final LayerNorm. Padded positions are masked everywhere; their own states mean nothing.
std::shared_ptr<TextEncoder> make_transformer_encoder(const TextEncoderOptions& options);

}  // namespace tessera::text
