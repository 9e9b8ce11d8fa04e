#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/parts.h"

namespace tessera::golden {

/// The recorded models in the layout of diffusers that the runs of `name` are of: "main" is
/// "diffusers-tiny" and, the same weights as they were first released, "diffusers-tiny-bin"; any
/// other name is "diffusers-tiny-NAME", with the codec and the text encoder of "diffusers-tiny".
std::vector<pipeline::Parts> open_diffusers_models(const std::filesystem::path& root,
                                                   const std::string& name);

/// A folder with "checkpoint.pth" of the original code.
pipeline::Parts open_microsoft_model(const std::filesystem::path& folder);

/// The denoiser's own null condition, or, where it has none, `otherwise`.
nn::Condition null_or(diffusion::DiscreteDenoiser& denoiser,
                      std::int64_t batch,
                      const nn::Condition& otherwise);

}  // namespace tessera::golden
