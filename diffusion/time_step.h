#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tessera::diffusion {

// Time runs over 0..T everywhere in Tessera: t = 0 is clean data, t = T is noise.

/// How many places of a canvas a stride shows: `places` of the `hidden` ones that the plan still
/// has masked before it. A canvas with another number of masks shows the same share of them.
struct Reveal {
  std::int64_t places = 0;  // in 0..hidden
  std::int64_t hidden = 0;
};

/// One stride of a sampler, towards the data: one call of the network.
struct TimeStep {
  std::int64_t from = 0;           // in 1..T
  std::int64_t to = 0;             // in 0..from; equal where the next call is told the same time
  std::int64_t index = 0;          // which stride of the plan this is, 0-based
  std::int64_t count = 1;          // strides of the plan
  std::optional<Reveal> reveal{};  // absent: the chain itself says what becomes visible
  std::int64_t told = 0;           // the time that the network is told, in 1..T; 0 = from
};

struct StepBudget {
  std::int64_t trained = 0;  // T
  std::int64_t wanted = 0;   // in 1..T
};

/// `wanted` strides from T down to 0, as even as integers allow: the first begins at T, the last
/// ends at 0, and each begins where the one before ended. Throws kInvalidArgument outside 1..T.
std::vector<TimeStep> even_plan(StepBudget budget);

}  // namespace tessera::diffusion
