#pragma once

#include <filesystem>

#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/transition.h"
#include "pipeline/published/published_part.h"
#include "text/clip_encoder.h"
#include "vqvae/options.h"

namespace tessera::pipeline {

/// The folder of a learned null condition, an own part in diffusers' layout.
inline constexpr const char* kNullPart = "learned_classifier_free_sampling_embeddings";

// What the parts of a model folder of diffusers hold. Weights are mapped from .safetensors, else
// .bin; in full precision, else fp16. Each throws kNotFound, kCorruptFile, kInvalidArgument or
// kShapeMismatch naming the file.

/// With the learned null condition where it is switched on.
PublishedPart<diffusion::TransformerOptions> diffusers_denoiser(const std::filesystem::path& model);
PublishedPart<text::ClipTextOptions> diffusers_text_encoder(const std::filesystem::path& model);
/// `grid` is the side of the token grid, which the codec's own files do not tell.
PublishedPart<vqvae::VqVaeOptions> diffusers_codec(const std::filesystem::path& model,
                                                   std::int64_t grid);
diffusion::TransitionOptions diffusers_chain(const std::filesystem::path& model);

// Whether parts that load by themselves belong together; each throws kShapeMismatch.
void check_text_width(const std::filesystem::path& model,
                      const diffusion::TransformerOptions& denoiser,
                      const text::ClipTextOptions& tower);
void check_steps(const std::filesystem::path& model,
                 const diffusion::TransformerOptions& denoiser,
                 const diffusion::TransitionOptions& chain);

}  // namespace tessera::pipeline
