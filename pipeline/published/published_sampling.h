#pragma once

#include "core/options.h"
#include "diffusion/denoisers/transformer.h"

namespace tessera::pipeline {

/// What the authors recommend for a model of these options: guidance 5 for the codes of ITHQ and 3
/// for other texts, 1.5 with truncation 0.94 for classes, truncation 0.86 without a condition.
SampleOptions original_sampling(const diffusion::TransformerOptions& denoiser);

/// The defaults of diffusers' pipeline.
SampleOptions diffusers_sampling(const diffusion::TransformerOptions& denoiser);

}  // namespace tessera::pipeline
