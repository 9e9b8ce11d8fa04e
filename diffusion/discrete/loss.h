#pragma once

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/transition.h"

namespace tessera::diffusion {

struct DiscreteLossOptions {
  double auxiliary_weight = 5e-4;  // lambda of the x_0 term
  bool adaptive_auxiliary = true;  // times (1 - (t-1)/T) + 1, as the published configs
};

template <typename Visitor>
void visit_fields(Visitor& v, DiscreteLossOptions& o) {
  v("auxiliary_weight", o.auxiliary_weight, "lambda of the auxiliary x_0 term");
  v("adaptive_auxiliary", o.adaptive_auxiliary, "weigh the auxiliary term by 2 - (t-1)/T");
}

struct DiscreteLossInput {
  at::Tensor x0{};      // [B, N] int64 in [0, K)
  at::Tensor x_t{};     // [B, N] int64
  at::Tensor t{};       // [B] int64 in [1, T]
  at::Tensor logits{};  // [B, N, K], the denoiser's answer
};

/// Per-sample terms in nats, summed over the tokens, [B], in the type of the logits (float32 for
/// halves); the trainer weighs (1/p_t) and reduces
/// them. Differentiable in `logits`; no host synchronisation.
struct DiscreteLoss {
  at::Tensor bound{};      // KL(q(x_{t-1}|x_t,x_0) || p(x_{t-1}|x_t)); -log p(x_0|x_1) where t = 1
  at::Tensor auxiliary{};  // -log p(x_0 | x_t)
  at::Tensor total{};      // bound + weight(t) * lambda * auxiliary
};

/// VQ-Diffusion eq. 6-9; the weighting is in docs/math/discrete.md. Throws kShapeMismatch.
DiscreteLoss discrete_loss(const Transition& transition,
                           const DiscreteLossInput& input,
                           const DiscreteLossOptions& options);

/// Nats of one sample to bits of one of its tokens. With E over t of bound / p(t) in nats, the
/// variational bound on the code length of a token, short of the constant KL of the prior.
double bits_per_token(double nats, std::int64_t tokens);

}  // namespace tessera::diffusion
