#include "diffusion/discrete/samplers/reveal_plan.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/rate_table.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kPublishedTokens = 1024;

/// C_t: the probability that a code is masked after 0..t.
double masked_share(const Transition& transition, std::int64_t t) {
  if (const RateTable* rates = transition.rates()) {
    return rates->between({.early = 0, .late = t}).mask;
  }
  const at::Tensor zero = at::zeros({1}, at::kLong);
  const at::Tensor log_q = transition.log_q(zero.unsqueeze(0), zero, at::full({1}, t, at::kLong));
  return log_q.view({-1})[*transition.mask_state()].exp().item<double>();
}

bool masks_linearly(const Transition& transition) {
  const std::int64_t steps = transition.steps();
  for (std::int64_t t = 1; t <= steps; ++t) {
    const double linear = static_cast<double>(t - 1) / static_cast<double>(steps - 1);
    if (std::abs(masked_share(transition, t) - linear) > 1e-3) return false;
  }
  return true;
}

/// `before`, then `body` so many times, then `after`.
std::vector<std::int64_t> pattern(std::vector<std::int64_t> before,
                                  const std::vector<std::int64_t>& body,
                                  int times,
                                  const std::vector<std::int64_t>& after) {
  for (int i = 0; i < times; ++i) before.insert(before.end(), body.begin(), body.end());
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

}  // namespace

std::vector<std::int64_t> published_reveals(std::int64_t steps, std::int64_t tokens_a_call) {
  const bool few = tokens_a_call > 0 && tokens_a_call <= 10;
  if (steps == 100 && few) return pattern({15, 11}, {10, 10, 11}, 32, {6});
  if (steps == 100) return pattern({11, 11}, {10, 10, 11}, 32, {10});
  if (steps == 50) return pattern({30}, {20, 21}, 24, {});
  if (steps == 25) return pattern({60}, {41}, 23, {});
  if (steps == 10) return pattern({139}, {102}, 8, {});
  return {};
}

std::vector<std::int64_t> planned_reveals(const Transition& transition,
                                          std::span<const TimeStep> strides,
                                          const PlanRequest& request,
                                          std::int64_t tokens_a_call) {
  TESSERA_CHECK(transition.mask_state(),
                kInvalidArgument,
                "a sampler that shows a number of places needs a chain with a mask state; \"",
                transition.name(),
                "\" has none: use the ancestral sampler");
  if (request.tokens == kPublishedTokens && request.steps == transition.steps()) {
    std::vector<std::int64_t> table = published_reveals(request.steps, tokens_a_call);
    if (!table.empty() && masks_linearly(transition)) return table;
  }
  const double end = masked_share(transition, transition.steps());
  const auto hidden = [&](std::int64_t t) {
    return std::lround(static_cast<double>(request.tokens) * masked_share(transition, t) / end);
  };
  std::vector<std::int64_t> reveals;
  std::int64_t left = request.tokens;
  for (const TimeStep& stride : strides.first(strides.size() - 1)) {
    const std::int64_t after = std::min<std::int64_t>(left, hidden(stride.to));
    reveals.push_back(left - after);
    left = after;
  }
  return reveals;
}

std::vector<TimeStep> plan_reveals(std::span<const TimeStep> strides,
                                   std::span<const std::int64_t> reveals,
                                   std::int64_t tokens,
                                   std::int64_t tokens_a_call) {
  TESSERA_CHECK(reveals.size() + 1 == strides.size(),
                kInvalidArgument,
                "places to show must be told for each stride but the last: ",
                strides.size() - 1,
                ", got ",
                reveals.size());
  std::vector<TimeStep> plan;
  std::int64_t hidden = tokens;
  for (std::size_t i = 0; i < reveals.size(); ++i) {
    std::int64_t left = reveals[i];
    TESSERA_CHECK(left >= 0 && left <= hidden,
                  kInvalidArgument,
                  "stride ",
                  i,
                  " cannot show ",
                  left,
                  " of the ",
                  hidden,
                  " places that are hidden still");
    do {
      std::int64_t now = tokens_a_call > 0 ? std::min(left, tokens_a_call) : left;
      if (left - now == 1) ++now;
      left -= now;
      plan.push_back({.from = strides[i].from,
                      .to = left > 0 ? strides[i].from : strides[i].to,
                      .reveal = Reveal{.places = now, .hidden = hidden}});
      hidden -= now;
    } while (left > 0);
  }
  plan.push_back({.from = strides.back().from, .to = strides.back().to});
  for (std::size_t i = 0; i < plan.size(); ++i) {
    plan[i].index = static_cast<std::int64_t>(i);
    plan[i].count = static_cast<std::int64_t>(plan.size());
  }
  return plan;
}

}  // namespace tessera::diffusion
