#pragma once

#include <cstdint>
#include <string>

#include "diffusion/denoisers/transformer.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "pipeline/published/name_map.h"

namespace tessera::pipeline {

/// What the authors' own files call the tensors of a denoiser, below the "transformer." that their
/// checkpoints put before all of them: "transformer.content_emb.emb.weight", …, and
/// "empty_text_embed" for the null condition. Ignored: masks that nothing reads, the chain's rates
/// (the scheduler has them), the history of the loss, and the text encoder below "condition_emb.".
/// Throws kInvalidArgument for a network that was never published: pooled text, AdaLN before the
/// MLP, sinusoidal times.
NameMap microsoft_denoiser_names(const diffusion::TransformerOptions& options);

/// What a diffusers model calls them in its folder "transformer". The null condition,
/// "embeddings", lies in a folder of its own, "learned_classifier_free_sampling_embeddings": read
/// both into one state. Throws kInvalidArgument for what this layout cannot hold: classes, no
/// condition, convolutions, grids that are not square, and the above.
NameMap diffusers_denoiser_names(const diffusion::TransformerOptions& options);

/// What the shapes of a checkpoint do not tell.
struct MicrosoftDenoiserFacts {
  std::int64_t heads = 16;       // of every published model
  std::int64_t grid_height = 0;  // 0 = by the masks of the cross-attention, else by the tables
  std::int64_t grid_width = 0;
};

/// Options from the shapes of a checkpoint's tensors, under microsoft_denoiser_names(). Without
/// told or masked sides a text model fills its position tables; models of classes or of nothing
/// have 16x16 codes where the tables have 32x32. The null condition is learned where it is there;
/// of classes, where there are 1001. Throws kShapeMismatch, after `what`, for a tensor that is
/// missing or whose shape has no meaning.
diffusion::TransformerOptions microsoft_denoiser_options(const io::StateDict& published,
                                                         const MicrosoftDenoiserFacts& facts,
                                                         const std::string& what);

/// Options from the config.json of the two folders; `null_embedding` is null where the model has no
/// such folder. Throws kInvalidArgument, after `what`, for a key that is missing, of a wrong type
/// or of a transformer that is no VQ-Diffusion.
diffusion::TransformerOptions diffusers_denoiser_options(const io::Json& transformer,
                                                         const io::Json& null_embedding,
                                                         const std::string& what);

}  // namespace tessera::pipeline
