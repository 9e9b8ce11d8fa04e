#pragma once

#include <string>

#include "eval/clip/clip_options.h"
#include "io/json_fields.h"

namespace tessera::eval {

/// Where a CLIP of Tessera's own keeps its parts.
inline constexpr const char* kClipConfig = "config.json";
inline constexpr const char* kClipWeights = "model.safetensors";
inline constexpr const char* kClipTokens = "tokenizer/tokens.tsv";

/// Sections "vision" and "text" and what is beside them, as config.json and a training
/// configuration hold them. Throws kInvalidArgument naming "WHERE.key".
io::Json clip_options_json(const ClipOptions& options);
ClipOptions clip_options_from(const io::Json& json, const std::string& where);

}  // namespace tessera::eval
