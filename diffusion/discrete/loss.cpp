#include "diffusion/discrete/loss.h"

#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/evidence.h"
#include "diffusion/discrete/token_bound.h"

namespace tessera::diffusion {
namespace {

void check_shapes(const DiscreteLossInput& in, std::int64_t codes) {
  TESSERA_CHECK(in.logits.dim() == 3 && in.logits.size(2) == codes,
                kShapeMismatch,
                "logits must be [B, N, ",
                codes,
                "], got ",
                in.logits.sizes());
  const at::IntArrayRef tokens = in.logits.sizes().slice(0, 2);
  TESSERA_CHECK(
      in.x0.sizes() == tokens && in.x_t.sizes() == tokens && in.t.sizes() == tokens.slice(0, 1),
      kShapeMismatch,
      "x0 and x_t must be ",
      tokens,
      " and t ",
      tokens.slice(0, 1),
      " as the logits are, got ",
      in.x0.sizes(),
      ", ",
      in.x_t.sizes(),
      " and ",
      in.t.sizes());
}

/// Any chain, by its posteriors, all [B, N, C].
TokenBound composed_bound(const Transition& transition,
                          const DiscreteLossInput& in,
                          const at::Tensor& logits) {
  const at::Tensor log_x0 = logits.to(at::kDouble).log_softmax(-1);
  const at::Tensor s = in.t - 1;
  const at::Tensor truth = transition.log_true_posterior(in.x0, in.x_t, in.t, s);
  const at::Tensor model = transition.log_posterior(log_x0, in.x_t, in.t, s);
  const at::Tensor possible = truth.isfinite();
  const at::Tensor gap = (truth - model).masked_fill(~possible, 0.0);
  return {.kl = (truth.exp() * gap).sum(-1),
          .nll = -log_x0.gather(-1, in.x0.unsqueeze(-1)).squeeze(-1)};
}

}  // namespace

DiscreteLoss discrete_loss(const Transition& transition,
                           const DiscreteLossInput& input,
                           const DiscreteLossOptions& options) {
  check_shapes(input, transition.codes());
  const auto given = input.logits.scalar_type();
  const bool half = given == at::kHalf || given == at::kBFloat16;
  const at::Tensor logits = half ? input.logits.to(at::kFloat) : input.logits;

  const RateTable* rates = transition.rates();
  const TokenBound token =
      rates == nullptr
          ? composed_bound(transition, input, logits)
          : token_bound(
                logits,
                input.x0,
                weigh_evidence(*rates, transition.codes(), input.x_t, input.t, input.t - 1));

  DiscreteLoss loss;
  loss.bound = token.kl.sum(-1).to(logits.scalar_type());
  loss.auxiliary = token.nll.sum(-1).to(logits.scalar_type());
  const at::Tensor elapsed =
      (input.t - 1).to(logits.scalar_type()) / static_cast<double>(transition.steps());
  const at::Tensor weight = options.adaptive_auxiliary ? 2.0 - elapsed : at::ones_like(elapsed);
  loss.total = loss.bound + options.auxiliary_weight * weight * loss.auxiliary;
  return loss;
}

double bits_per_token(double nats, std::int64_t tokens) {
  return nats / (static_cast<double>(tokens) * std::numbers::ln2);
}

}  // namespace tessera::diffusion
