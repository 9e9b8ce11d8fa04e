#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "diffusion/denoiser.h"
#include "diffusion/discrete/transition.h"
#include "pipeline/pipeline.h"
#include "text/text_encoder.h"
#include "text/tokenizer.h"
#include "vqvae/vqvae.h"

namespace tessera::pipeline {

/// The live parts of a model. All but the codec may be absent together; only a model of texts has a
/// text encoder, and a tokenizer only where it is a table (others are the caller's).
struct Parts {
  std::shared_ptr<vqvae::VqVaeImpl> codec{};
  std::shared_ptr<diffusion::DiscreteDenoiser> denoiser{};
  std::shared_ptr<text::TextEncoder> text_encoder{};
  std::unique_ptr<const diffusion::Transition> transition{};
  std::unique_ptr<const text::Tokenizer> tokenizer{};
  std::int64_t text_length = 0;  // L of the text encoder
  std::int64_t vocabulary = 0;   // ids that it knows
  ConditionKind condition = ConditionKind::kText;
  std::int64_t classes = 0;  // that can be asked for, where condition is kClass
};

/// Puts parts that are already in memory together: what a trainer samples its own weights with.
/// The modules are set to evaluation mode and moved to `device`. Throws kShapeMismatch where the
/// parts do not fit one another (codes, vocabulary).
std::unique_ptr<const Pipeline> assemble_pipeline(ModelCard card, Parts parts, at::Device device);

/// Reads the parts that the card names from a model folder of ours; denoiser and CLIP's text tower
/// are kept in `type`.
Parts load_parts(const std::filesystem::path& model,
                 const ModelCard& card,
                 at::ScalarType type = at::kFloat);

}  // namespace tessera::pipeline
