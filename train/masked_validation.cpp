#include "train/masked_validation.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "diffusion/discrete/rate_table.h"

namespace tessera::train {
namespace {

/// The time at which the chain has masked nearest to `share` of the tokens.
std::int64_t time_of(const diffusion::Transition& transition, double share) {
  const std::int64_t steps = transition.steps();
  const diffusion::RateTable* rates = transition.rates();
  std::int64_t best =
      std::clamp<std::int64_t>(std::llround(share * static_cast<double>(steps)), 1, steps);
  if (rates == nullptr || !transition.mask_state()) return best;
  double nearest = 2.0;
  for (std::int64_t t = 1; t <= steps; ++t) {
    const double away = std::abs(rates->between({.early = 0, .late = t}).mask - share);
    if (away < nearest) {
      nearest = away;
      best = t;
    }
  }
  return best;
}

}  // namespace

at::Tensor masked_tokens(const diffusion::Transition& transition, const at::Tensor& x_t) {
  const auto mask = transition.mask_state();
  return mask ? x_t == *mask : at::ones_like(x_t, x_t.options().dtype(at::kBool));
}

at::Tensor token_cross_entropy(const at::Tensor& logits, const at::Tensor& x0) {
  return -logits.log_softmax(-1).gather(-1, x0.unsqueeze(-1)).squeeze(-1);
}

MaskedCanvas mask_share(const diffusion::Transition& transition,
                        const at::Tensor& x0,
                        double share,
                        const nn::Rng& rng) {
  const std::int64_t t = time_of(transition, share);
  const auto mask = transition.mask_state();
  if (!mask) {
    const at::Tensor times = at::full({x0.size(0)}, t, x0.options());
    return {.x_t = transition.draw(x0, times, rng, 0), .t = t};
  }
  const std::int64_t tokens = x0.size(1);
  const auto hidden = std::llround(share * static_cast<double>(tokens));
  const at::Tensor order = rng.uniform(Purpose::kForward, 0, {tokens}, x0.device())
                               .argsort(/*dim=*/std::int64_t{1})
                               .argsort(std::int64_t{1});
  return {.x_t = x0.masked_fill(order < hidden, *mask), .t = t};
}

}  // namespace tessera::train
