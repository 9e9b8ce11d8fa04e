#pragma once

#include <memory>
#include <vector>

#include "diffusion/gaussian/denoiser.h"

namespace tessera::lab {

/// How a network differs from the best one.
struct Alteration {
  double factor = 1.0;  // its prediction is this times the other's
  std::vector<double>
      variances{};  // reverse variance of t = 1..T, entry 0 unused; empty = as before
};

/// `inner`, a network without a learned variance, made wrong in a known way. With `variances` it
/// answers their logarithms as a learned diagonal variance.
std::shared_ptr<diffusion::GaussianDenoiser> make_altered_denoiser(
    std::shared_ptr<diffusion::GaussianDenoiser> inner, const Alteration& alteration);

}  // namespace tessera::lab
