#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "diffusion/discrete/sampler.h"

namespace tessera::diffusion {

// Samplers that show a planned number of places a stride instead of leaving it to chance. The last
// stride is not counted: it is drawn by the chain, and shows whatever is hidden still.

/// The tables of the program published with "Improved Vector Quantized Diffusion Models", for 1024
/// tokens and chains of 100, 50, 25 or 10 steps that are all visited: places shown by each stride
/// but the last, the first stride first. Empty for another number of steps.
std::vector<std::int64_t> published_reveals(std::int64_t steps, std::int64_t tokens_a_call);

/// The same for any sizes, by the chain: after a stride to s, round(N C_s / C_T) of N places are
/// hidden, C the masked share over 0..s. The published table where the chain is one that it was
/// made for (1024 tokens, every step visited, masking linear in t).
/// Throws kInvalidArgument for a chain without a mask state.
std::vector<std::int64_t> planned_reveals(const Transition& transition,
                                          std::span<const TimeStep> strides,
                                          const PlanRequest& request,
                                          std::int64_t tokens_a_call);

/// Puts the numbers `reveals` (one a stride but the last) into the plan. Where a stride shows more
/// than `tokens_a_call` places (0 = no limit), it becomes several that stay at its time, and the
/// last of them moves on; a single place that would be left over is shown with those before it.
/// Throws kInvalidArgument where the numbers are not one a stride, or show more than `tokens`.
std::vector<TimeStep> plan_reveals(std::span<const TimeStep> strides,
                                   std::span<const std::int64_t> reveals,
                                   std::int64_t tokens,
                                   std::int64_t tokens_a_call);

}  // namespace tessera::diffusion
