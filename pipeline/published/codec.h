#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/state_dict.h"
#include "pipeline/published/published_part.h"
#include "vqvae/code_remap.h"
#include "vqvae/options.h"
#include "vqvae/vqvae.h"

namespace tessera::pipeline {

/// A published codec's options, and which of its codes its denoiser knows, where not all.
struct PublishedCodec {
  vqvae::VqVaeOptions options{};
  std::optional<vqvae::CodeMap> used_codes{};
};

/// `options` with a map: codebook_size codes of full_codebook_size.
PublishedCodec with_used_codes(vqvae::VqVaeOptions options, vqvae::CodeMap map);

/// The codec that `published` holds under the original authors' names at any place (find_codec()),
/// among other things or alone; which of its codes are used lies among the weights. `files` is left
/// to the caller. Throws kNotFound where it holds none, after `what`.
PublishedPart<vqvae::VqVaeOptions> microsoft_codec(const io::StateDict& published,
                                                   const PublishedCodec& codec,
                                                   const std::string& what);

/// Makes the codec and copies the weights into it, straight from where they are; it is in
/// evaluation mode. Throws kShapeMismatch listing what is missing, unexpected or of another shape.
std::shared_ptr<vqvae::VqVaeImpl> load_codec(const PublishedPart<vqvae::VqVaeOptions>& part);

// The same for weights that are at hand; `what` stands for their file.
std::shared_ptr<vqvae::VqVaeImpl> load_microsoft_codec(const io::StateDict& published,
                                                       const PublishedCodec& codec,
                                                       const std::string& what);
std::shared_ptr<vqvae::VqVaeImpl> load_diffusers_codec(const io::StateDict& published,
                                                       const vqvae::VqVaeOptions& options,
                                                       const std::string& what);

/// What a diffusers model would hold of this codec, with the old names that every version reads:
/// the codebook's used codes alone. It decodes the same; pictures are encoded to the nearest of
/// these codes. Its options are `config`.
struct DiffusersCodec {
  io::StateDict weights{};
  vqvae::VqVaeOptions options{};  // diffusers_codec_config() of them is the config
};
DiffusersCodec to_diffusers_codec(vqvae::VqVaeImpl& codec);

}  // namespace tessera::pipeline
