#pragma once

#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/published/name_map.h"
#include "text/clip_encoder.h"

namespace tessera::pipeline {

/// How a file names the tensors of CLIP's text tower.
enum class ClipTextNaming {
  kOpenAi,             // "transformer.resblocks.0.attn.in_proj_weight", as Microsoft's checkpoints
  kHuggingFace,        // "text_model.encoder.layers.0.self_attn.q_proj.weight"
  kHuggingFaceNoRoot,  // "encoder.layers.0.self_attn.q_proj.weight", the newest files
};

/// Which of them `published` uses, told by the name of its token embedding. Throws kShapeMismatch,
/// after `what`, where none of the three is there.
ClipTextNaming clip_text_naming(const io::StateDict& published, const std::string& what);

/// Ignored: projections, the vision tower, and buffers that say nothing.
NameMap clip_text_names(const text::ClipTextOptions& options, ClipTextNaming naming);

/// From the config.json of a text encoder or of a whole CLIP model; `what` is the file's name.
/// Keys that do not change the states are passed over, absent ones have CLIP's own defaults.
/// Throws kInvalidArgument for another activation than quick_gelu and for sizes of a wrong type.
text::ClipTextOptions clip_text_options(const io::Json& config, const std::string& what);

/// From the shapes of a tower with OpenAI's names, whose heads are 64 wide. Throws kShapeMismatch,
/// after `what`, naming the tensor that is missing or of a wrong shape.
text::ClipTextOptions clip_text_options(const io::StateDict& published, const std::string& what);

}  // namespace tessera::pipeline
