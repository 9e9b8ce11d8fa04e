#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/state_dict.h"
#include "pipeline/parts.h"
#include "pipeline/published/codec.h"

namespace tessera::golden {

/// The recorded models in the layout of diffusers that the runs of `name` are of: "main" is
/// "diffusers-tiny" and, the same weights as they were first released, "diffusers-tiny-bin"; any
/// other name is "diffusers-tiny-NAME", with the codec and the text encoder of "diffusers-tiny".
std::vector<pipeline::Parts> open_diffusers_models(const std::filesystem::path& root,
                                                   const std::string& name);

/// A folder with "checkpoint.pth" of the original code. Where features of texts were recorded in
/// place of a text tower ("features.safetensors"), the model has none.
pipeline::Parts open_microsoft_model(const std::filesystem::path& folder);

/// The weights of its codec: in a file of its own, or inside the checkpoint, among others.
io::StateDict microsoft_codec_weights(const std::filesystem::path& folder);
/// By "codec_config.yaml", and "index_map.pt" where not all codes are used.
pipeline::PublishedCodec microsoft_codec_options(const std::filesystem::path& folder);

/// The denoiser's own null condition, or, where it has none, `otherwise`.
nn::Condition null_or(diffusion::DiscreteDenoiser& denoiser,
                      std::int64_t batch,
                      const nn::Condition& otherwise);

}  // namespace tessera::golden
