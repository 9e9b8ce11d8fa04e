#include "pipeline/gaussian_path.h"

#include <cmath>

#include "core/error.h"

namespace tessera::pipeline {

diffusion::AnswerKind GaussianPathOptions::kind() const {
  return {.prediction = diffusion::parse_gaussian_prediction(prediction),
          .variance = diffusion::parse_gaussian_variance(variance)};
}

void GaussianPathOptions::validate() const {
  constexpr std::int64_t kMostSteps = 100'000;
  TESSERA_CHECK(schedule.steps >= 1 && schedule.steps <= kMostSteps,
                kInvalidArgument,
                "steps must be in 1..",
                kMostSteps,
                ", got ",
                schedule.steps);
  try {
    schedule.validate();
    threshold.validate();
    diffusion::check_prediction(diffusion::make_gaussian_schedule(schedule), kind().prediction);
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, error.what());  // an unknown name is one too
  }
  TESSERA_CHECK(space == "latent" || space == "pixel",
                kInvalidArgument,
                "space must be latent or pixel, got \"",
                space,
                "\"");
  TESSERA_CHECK(decoding == "nearest" || decoding == "direct",
                kInvalidArgument,
                "decoding must be nearest or direct, got \"",
                decoding,
                "\"");
  TESSERA_CHECK(std::isfinite(latent_scale) && latent_scale >= 0,
                kInvalidArgument,
                "latent_scale must be above 0 (0 = measured), got ",
                latent_scale);
  for (const double mean : latent_mean) {
    TESSERA_CHECK(std::isfinite(mean), kInvalidArgument, "latent_mean must be finite, got ", mean);
  }
}

}  // namespace tessera::pipeline
