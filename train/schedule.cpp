#include "train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace tessera::train {

double learning_rate(const Schedule& s, std::int64_t step) {
  if (step <= s.warmup) {
    return s.peak * static_cast<double>(step) / static_cast<double>(s.warmup);
  }
  if (s.kind == "constant") return s.peak;
  const auto at = static_cast<double>(std::min(step, s.steps));
  const auto last = static_cast<double>(s.steps);
  if (s.kind == "cosine") {
    const auto warm = static_cast<double>(s.warmup);
    const double share = last > warm ? (at - warm) / (last - warm) : 1.0;
    const double fall = 0.5 * (1.0 + std::cos(std::numbers::pi * share));
    return s.peak * (s.final_share + (1.0 - s.final_share) * fall);
  }
  TESSERA_CHECK(s.kind == "constant-linear",
                kInvalidArgument,
                "schedule must be constant, cosine or constant-linear, got \"",
                s.kind,
                "\"");
  const double decay_steps = s.decay_share * last;
  const double fall = decay_steps > 0 ? std::clamp((last - at) / decay_steps, 0.0, 1.0) : 1.0;
  return s.peak * (s.final_share + (1.0 - s.final_share) * fall);
}

}  // namespace tessera::train
