#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "diffusion/gaussian/denoiser.h"
#include "pipeline/gaussian_path.h"
#include "pipeline/pipeline.h"
#include "text/text_encoder.h"
#include "text/tokenizer.h"
#include "vqvae/vqvae.h"

namespace tessera::pipeline {

/// The live parts of a model's Gaussian path.
struct GaussianParts {
  std::shared_ptr<vqvae::VqVaeImpl> codec{};  // none where diffusion takes place in the pixels
  std::shared_ptr<diffusion::GaussianDenoiser> denoiser{};
  std::shared_ptr<text::TextEncoder> text_encoder{};   // of a model of texts
  std::unique_ptr<const text::Tokenizer> tokenizer{};  // the same
  GaussianPathOptions path{};
  std::int64_t channels = 0;     // of what is denoised
  std::int64_t side = 0;         // and its side
  std::int64_t text_length = 0;  // L of the text encoder
  std::int64_t vocabulary = 0;   // ids that it knows
  ConditionKind condition = ConditionKind::kText;
  std::int64_t classes = 0;
};

/// Puts parts that are already in memory together: Gaussian diffusion (Ho et al. 2020) of latents
/// or pixels behind the same door as the chain over codes. sample() reads Start::images instead of
/// codes; where the space is latents, encode() and decode() are the codec's. The modules are set to
/// evaluation mode and moved to `device`. Throws kShapeMismatch where parts do not fit one another.
std::unique_ptr<const Pipeline> assemble_gaussian_pipeline(ModelCard card,
                                                           GaussianParts parts,
                                                           at::Device device);

/// Reads the Gaussian parts that the card names; the U-Net is kept in `type`.
GaussianParts load_gaussian_parts(const std::filesystem::path& model,
                                  const ModelCard& card,
                                  at::ScalarType type = at::kFloat);

/// The codec of a model folder of ours, averages behind its codebook restored.
std::shared_ptr<vqvae::VqVaeImpl> load_codec_part(const std::filesystem::path& part);

}  // namespace tessera::pipeline
