#pragma once

#include <filesystem>

#include "pipeline/gaussian_parts.h"
#include "tests/support/tiny_model.h"

namespace tessera::test {

/// The Gaussian path of the tiny model, on the same codec and tokenizer: a U-Net with random
/// weights over its latents, T = 20, predicting x_0.
pipeline::GaussianParts make_tiny_gaussian_parts(const TinySizes& sizes = {});

/// The card of a model that has this path alone.
pipeline::ModelCard tiny_gaussian_card();

/// Adds the path's parts to a folder of write_tiny_model(), behind the discrete ones, and writes
/// its card anew.
void add_tiny_gaussian(const std::filesystem::path& folder, const TinySizes& sizes = {});

}  // namespace tessera::test
