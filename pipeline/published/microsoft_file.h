#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "diffusion/denoisers/transformer.h"
#include "diffusion/discrete/transition.h"
#include "io/state_dict.h"
#include "pipeline/load_options.h"
#include "pipeline/published/published_part.h"
#include "text/clip_encoder.h"
#include "vqvae/options.h"

namespace tessera::pipeline {

/// A training checkpoint of the original code, opened; its tensors are mapped, none is read.
struct MicrosoftFile {
  std::filesystem::path file{};
  io::StateDict state{};     // all tensors, averaged or raw as was asked for
  io::StateDict denoiser{};  // those below "transformer.", without that
  bool has_average = false;
  std::optional<std::int64_t> last_epoch{};
  std::optional<std::int64_t> last_iteration{};
};

/// Throws kNotFound, kCorruptFile or kShapeMismatch.
MicrosoftFile open_microsoft_file(const std::filesystem::path& file, const LoadOptions& options);

/// Whether there is a denoiser in it; a codec alone is no model.
bool holds_denoiser(const MicrosoftFile& opened);

// What its parts are, as load_microsoft_model() tells. Each throws kNotFound, kCorruptFile or
// kShapeMismatch naming the file.
PublishedPart<diffusion::TransformerOptions> microsoft_denoiser(const MicrosoftFile& opened);
PublishedPart<text::ClipTextOptions> microsoft_text_encoder(const MicrosoftFile& opened);
PublishedPart<vqvae::VqVaeOptions> microsoft_codec(const MicrosoftFile& opened,
                                                   const diffusion::TransformerOptions& denoiser,
                                                   const LoadOptions& options);

/// The schedule that a checkpoint was trained with is in its buffers, as logarithms in float32. All
/// published ones are straight lines; their ends are rounded to what was written in a config.
diffusion::TransitionOptions microsoft_chain(const MicrosoftFile& opened);

}  // namespace tessera::pipeline
