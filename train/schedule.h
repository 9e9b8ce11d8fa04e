#pragma once

#include <cstdint>
#include <string>

namespace tessera::train {

/// The learning rate over a run: a linear warm-up, then "constant", "cosine" (down to the final
/// share at the last step) or "constant-linear" (constant, then linear down to the final share over
/// the last `decay_share` of the steps).
struct Schedule {
  std::string kind = "cosine";
  double peak = 1e-3;
  std::int64_t warmup = 0;    // steps until the peak is reached
  std::int64_t steps = 1;     // of the whole run
  double final_share = 0.05;  // of the peak, at the last step
  double decay_share = 0.25;  // of the steps; constant-linear only
};

/// Rate of step `step`, which counts from 1; beyond `steps` the last value stays.
double learning_rate(const Schedule& schedule, std::int64_t step);

}  // namespace tessera::train
