#pragma once

#include <filesystem>
#include <memory>

#include "pipeline/model_writer.h"

namespace tessera::pipeline {

/// The writer of diffusers' layout. Its configurations have every key of version 0.8, and besides
/// those what the newest version demands; names of tensors are the old ones, which every version
/// reads. Tessera's card has no place there but for its parts. The chain comes after the denoiser.
std::unique_ptr<ModelWriter> make_diffusers_writer(const std::filesystem::path& folder,
                                                   at::ScalarType type);

}  // namespace tessera::pipeline
