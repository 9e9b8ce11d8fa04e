#include "pipeline/published/published_sampling.h"

namespace tessera::pipeline {

SampleOptions original_sampling(const diffusion::TransformerOptions& denoiser) {
  SampleOptions sampling{.steps = denoiser.steps, .sampler = "ancestral"};
  if (denoiser.condition == "text") {
    constexpr std::int64_t kIthqCodes = 4096;
    sampling.guidance = denoiser.codes == kIthqCodes ? 5.0 : 3.0;
    sampling.truncation = "1";
  } else if (denoiser.condition == "class") {
    sampling.guidance = 1.5;
    sampling.truncation = "0.94";
  } else {
    sampling.guidance = 1.0;
    sampling.truncation = "0.86";
  }
  return sampling;
}

SampleOptions diffusers_sampling(const diffusion::TransformerOptions& denoiser) {
  return {.steps = denoiser.steps, .sampler = "ancestral", .guidance = 5.0, .truncation = "1"};
}

}  // namespace tessera::pipeline
