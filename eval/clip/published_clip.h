#pragma once

#include <string>

#include "eval/clip/clip_options.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/published/name_map.h"

namespace tessera::eval {

/// How a file names the tensors of a whole CLIP.
enum class ClipNaming {
  kHuggingFace,  // "vision_model.embeddings.class_embedding", "text_model.…"
  kOpenAi,       // "visual.class_embedding", "transformer.resblocks.…"; open_clip's too
};

/// Told by the vision tower's class token. Throws kShapeMismatch, after `what`, where neither is
/// there, and says so of the CLIPs whose vision tower is no transformer.
ClipNaming clip_naming(const io::StateDict& published, const std::string& what);

/// Every tensor of ClipModel and where it is in such a file.
pipeline::NameMap clip_names(const ClipOptions& options, ClipNaming naming);

/// Projections of OpenAI's naming are kept the other way round: turned, so that clip_names() fits.
io::StateDict with_turned_projections(io::StateDict published, ClipNaming naming);

/// From the config.json of transformers' CLIPModel; absent keys have CLIP's own defaults. Throws
/// kInvalidArgument for values of a wrong type, and for towers of two activations.
ClipOptions clip_options_of_hugging_face(const io::Json& config, const std::string& what);

/// From the shapes of a file with OpenAI's names, whose heads are 64 wide. Throws kShapeMismatch.
ClipOptions clip_options_of_shapes(const io::StateDict& published, const std::string& what);

/// What open_clip_config.json says besides the shapes: activation, heads, pixel statistics.
void apply_open_clip_config(ClipOptions& options, const io::Json& config, const std::string& what);

/// image_mean and image_std of preprocessor_config.json.
void apply_preprocessor_config(ClipOptions& options,
                               const io::Json& config,
                               const std::string& what);

}  // namespace tessera::eval
