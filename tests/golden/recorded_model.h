#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "diffusion/denoiser.h"
#include "diffusion/discrete/transition.h"
#include "nn/condition.h"
#include "text/text_encoder.h"
#include "vqvae/vqvae.h"

namespace tessera::golden {

/// The parts of a recorded model that a whole run needs.
struct RecordedModel {
  std::shared_ptr<diffusion::DiscreteDenoiser> denoiser{};
  std::shared_ptr<vqvae::VqVaeImpl> codec{};
  std::shared_ptr<text::TextEncoder> text_encoder{};  // null where recorded features stand for it
  std::unique_ptr<const diffusion::Transition> chain{};

  /// The learned null condition, or, where there is none, `otherwise`.
  nn::Condition null_or(std::int64_t batch, const nn::Condition& otherwise) const;
};

/// "main" is the folder "diffusers-tiny"; any other name is "diffusers-tiny-NAME", which takes the
/// parts that it lacks from "diffusers-tiny".
RecordedModel open_diffusers_model(const std::filesystem::path& root, const std::string& name);

/// A folder with "checkpoint.pth" and the configs of the original code.
RecordedModel open_microsoft_model(const std::filesystem::path& folder);

}  // namespace tessera::golden
