#pragma once

#include <cstdint>
#include <vector>

namespace tessera::diffusion {

// Time runs over 0..T everywhere in Tessera: t = 0 is clean data, t = T is noise.

/// One stride of a sampler, towards the data.
struct TimeStep {
  std::int64_t from = 0;   // in 1..T
  std::int64_t to = 0;     // in 0..from; below it where a sampler walks the chain
  std::int64_t index = 0;  // which stride of the plan this is, 0-based
  std::int64_t count = 1;  // strides of the plan
};

struct StepBudget {
  std::int64_t trained = 0;  // T
  std::int64_t wanted = 0;   // in 1..T
};

/// `wanted` strides from T down to 0, as even as integers allow: the first begins at T, the last
/// ends at 0, and each begins where the one before ended. Throws kInvalidArgument outside 1..T.
std::vector<TimeStep> even_plan(StepBudget budget);

}  // namespace tessera::diffusion
