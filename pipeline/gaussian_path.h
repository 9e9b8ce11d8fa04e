#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "diffusion/gaussian/estimate.h"
#include "diffusion/gaussian/schedule.h"

namespace tessera::pipeline {

/// What the Gaussian path of a model needs beside its U-Net: "unet_scheduler/config.json".
struct GaussianPathOptions {
  diffusion::GaussianScheduleOptions schedule{.kind = "cosine"};
  std::string prediction = "velocity";
  std::string variance = "small";
  diffusion::ThresholdOptions threshold{.threshold = "none"};
  std::string space = "latent";       // latent: features of the codec before its codes; pixel
  std::string decoding = "nearest";   // latent: nearest codes, or as they are ("direct")
  double latent_scale = 0;            // what features less their means are multiplied with
  std::vector<double> latent_mean{};  // of each channel
  bool in_latents() const { return space == "latent"; }
  diffusion::AnswerKind kind() const;
  void validate() const;  // throws kInvalidArgument naming the field, its value and its range
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianPathOptions& o) {
  visit_fields(v, o.schedule);
  v("prediction", o.prediction, "what the network answers: noise, data, mean, velocity, score");
  v("variance", o.variance, "of a reverse step: large, small, diagonal, range (both learned)");
  visit_fields(v, o.threshold);
  v("space", o.space, "latent (features of the codec before its codes) or pixel");
  v("decoding", o.decoding, "latents become pictures by their nearest codes, or direct");
  v("latent_scale",
    o.latent_scale,
    "factor that gives latents a deviation of 1; 0 = training measures it");
  v("latent_mean", o.latent_mean, "mean of each channel of the latents; empty = zeros");
}

}  // namespace tessera::pipeline
