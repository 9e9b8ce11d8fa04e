#include "diffusion/discrete/token_bound.h"

#include <torch/autograd.h>

namespace tessera::diffusion {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Letters as in docs/math/discrete.md: k = x_0, i = the code seen. All [B, N] or [B, 1] float64.
struct Terms {
  at::Tensor weight_k{};  // true probability of x_s = k, beyond what every code has
  at::Tensor weight_i{};  // of x_s = i where i is another code than k
  at::Tensor base{};      // of any other code
  at::Tensor omega{};     // rho where k is the code seen
  at::Tensor differs{};   // bool: a code is seen that is not k
};

Terms true_posterior(const at::Tensor& x0, const Evidence& e) {
  const at::Tensor visible = ~e.masked & ~e.carried;
  const at::Tensor equal = e.seen == x0;
  const at::Tensor hit = visible & equal;
  Terms w;
  w.differs = visible & ~equal;
  w.omega = at::where(hit, e.rho, 1.0);
  w.weight_k = at::where(hit, e.same, e.other) * (e.keep + e.uniform) * w.omega;
  w.weight_i = at::where(w.differs, e.same * e.uniform, 0.0);
  w.base = e.other * e.uniform * w.omega;
  return w;
}

at::Tensor pick(const at::Tensor& rows, const at::Tensor& index) {
  return rows.gather(-1, index.unsqueeze(-1)).squeeze(-1).to(at::kDouble);
}

class BoundFunction : public torch::autograd::Function<BoundFunction> {
 public:
  static tensor_list forward(AutogradContext* ctx,
                             const at::Tensor& logits,
                             const at::Tensor& x0,
                             const Evidence& e) {
    const at::Tensor log_norm = logits.logsumexp(-1, /*keepdim=*/true);
    const at::Tensor norm = log_norm.squeeze(-1).to(at::kDouble);
    const at::Tensor log_k = (pick(logits, x0) - norm).clamp_max(0.0);
    const at::Tensor log_i = (pick(logits, e.seen) - norm).clamp_max(0.0);
    const at::Tensor p = (logits - log_norm).exp_();

    const Terms w = true_posterior(x0, e);
    const at::Tensor visible = ~e.masked & ~e.carried;
    // R = sum_j r_j = 1 - (1 - rho) p_i, accurate where p_i is near 1.
    const at::Tensor sum_r = at::where(visible, e.rho * log_i.exp() - log_i.expm1(), 1.0);
    const at::Tensor log_floor = (e.uniform * sum_r).log();
    const at::Tensor log_keep = e.keep.log();

    const at::Tensor own_k = log_keep + w.omega.log() + log_k;  // log(A r_k)
    const at::Tensor own_i = log_keep + e.rho.log() + log_i;
    const at::Tensor log_e_k = at::logaddexp(own_k, log_floor);  // log(A r_k + B R)
    const at::Tensor log_e_i = at::logaddexp(own_i, log_floor);
    const at::Tensor at_k = w.weight_k * ((w.omega * (e.keep + e.uniform)).log() - log_e_k);
    const at::Tensor at_i =
        at::where(w.weight_i > 0.0, w.weight_i * (e.uniform.log() - log_e_i), 0.0);
    at::Tensor kl = at_k + at_i;

    // The codes that are neither k nor i: D_j = log(R + A/B p_j), each against log omega.
    const at::Tensor spread = w.base > 0.0;
    const at::Tensor ratio = at::where(spread, e.keep / e.uniform, 0.0);
    const at::Tensor floor = at::where(spread, sum_r, 1.0);
    const at::Tensor others = static_cast<double>(p.size(-1) - 1) - w.differs.to(at::kDouble);
    if (e.replaces) {
      const auto wide = [&](const at::Tensor& v) { return v.to(p.scalar_type()).unsqueeze(-1); };
      const at::Tensor sum_d = (p * wide(ratio)).add_(wide(floor)).log_().sum(-1).to(at::kDouble);
      const at::Tensor d_k = (floor + ratio * log_k.exp()).log();
      const at::Tensor d_i = at::where(w.differs, (floor + ratio * log_i.exp()).log(), 0.0);
      kl = kl + w.base * (others * w.omega.log() - (sum_d - d_k - d_i));
    }

    ctx->saved_data["replaces"] = e.replaces;
    // What the gradient needs of these: how much of each term comes from p_k or p_i itself.
    const at::Tensor share_k = w.weight_k * (own_k - log_e_k).exp();
    const at::Tensor share_i = w.weight_i * (own_i - log_e_i).exp();
    const at::Tensor rest = w.weight_k + w.weight_i - share_k - share_i;
    const at::Tensor through_r = at::where(visible, (1.0 - e.rho) * log_i.exp() / sum_r, 0.0);
    ctx->save_for_backward({p,
                            x0,
                            e.seen,
                            log_k,
                            log_i,
                            share_k,
                            share_i,
                            rest,
                            through_r,
                            w.base,
                            ratio,
                            floor,
                            others,
                            w.differs});
    return {kl, -log_k};
  }

  static tensor_list backward(AutogradContext* ctx, const tensor_list& upstream) {
    const tensor_list saved = ctx->get_saved_variables();
    const at::Tensor& p = saved[0];
    const at::Tensor& k = saved[1];
    const at::Tensor& i = saved[2];
    const at::Tensor p_k = saved[3].exp();
    const at::Tensor p_i = saved[4].exp();
    const at::Tensor& share_k = saved[5];
    const at::Tensor& share_i = saved[6];
    const at::Tensor& rest = saved[7];
    const at::Tensor& through_r = saved[8];
    const at::Tensor& base = saved[9];
    const at::Tensor& ratio = saved[10];
    const at::Tensor& floor = saved[11];
    const at::Tensor& others = saved[12];
    const at::Tensor& differs = saved[13];
    const at::Tensor zero = at::zeros({1}, p_k.options());
    const at::Tensor g_kl = upstream[0].defined() ? upstream[0] : zero.expand_as(p_k);
    const at::Tensor g_nll = upstream[1].defined() ? upstream[1] : zero.expand_as(p_k);
    const auto wide = [&](const at::Tensor& v) { return v.to(p.scalar_type()).unsqueeze(-1); };

    // p_j dKL/dp_j: -base f_j for most codes, f_j = (A/B) p_j / (R + (A/B) p_j) ...
    at::Tensor f;
    at::Tensor sum_f = zero;
    const bool replaces = ctx->saved_data["replaces"].toBool();
    const at::Tensor f_k = ratio * p_k / (floor + ratio * p_k);
    const at::Tensor f_i = at::where(differs, ratio * p_i / (floor + ratio * p_i), 0.0);
    if (replaces) {
      f = p * wide(ratio);
      f.div_(f + wide(floor));
      sum_f = f.sum(-1).to(at::kDouble) - f_k - f_i;
    }
    // ... and through R, which depends on p_i alone.
    const at::Tensor by_r = through_r * (rest + base * (others - sum_f));
    const at::Tensor total = by_r - share_k - share_i - base * sum_f;

    at::Tensor grad = p * wide(g_nll - g_kl * total);
    if (replaces) grad.addcmul_(f, wide(-g_kl * base));
    grad.scatter_add_(-1, k.unsqueeze(-1), wide(g_kl * (base * f_k - share_k) - g_nll));
    grad.scatter_add_(-1, i.unsqueeze(-1), wide(g_kl * (base * f_i - share_i + by_r)));
    return {grad, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

TokenBound token_bound(const at::Tensor& logits, const at::Tensor& x0, const Evidence& evidence) {
  const tensor_list terms = BoundFunction::apply(logits, x0, evidence);
  return {.kl = terms[0], .nll = terms[1]};
}

}  // namespace tessera::diffusion
