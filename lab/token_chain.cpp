#include "lab/token_chain.h"

namespace tessera::lab {

diffusion::TransitionOptions evenly(std::int64_t steps) {
  const auto count = static_cast<double>(steps);
  return {.steps = steps,
          .keep_start = 1 - 1 / count,
          .keep_end = 0,
          .mask_start = 0.9 / count,
          .mask_end = 0.9};
}

}  // namespace tessera::lab
