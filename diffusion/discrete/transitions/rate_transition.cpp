#include "diffusion/discrete/transitions/rate_transition.h"

#include <utility>

#include <ATen/ATen.h>

#include "diffusion/discrete/evidence.h"

namespace tessera::diffusion {

RateTransition::RateTransition(std::string name, States states, RateTable table)
    : name_(std::move(name)), states_(states), table_(std::move(table)) {}

std::optional<std::int64_t> RateTransition::mask_state() const {
  if (states_.masks == 0) return std::nullopt;
  return states_.codes;
}

/// Appends the mask state's column: codes [B, N, K], mask [B, N].
at::Tensor RateTransition::with_mask(const at::Tensor& codes, const at::Tensor& mask) const {
  if (states_.masks == 0) return codes;
  return at::cat({codes, mask.unsqueeze(-1).to(codes.scalar_type())}, -1);
}

at::Tensor RateTransition::log_q(const at::Tensor& x_from,
                                 const at::Tensor& from,
                                 const at::Tensor& to) const {
  const RateRows r = table_.between(from, to);
  const at::Tensor masked = x_from == states_.codes;
  const at::Tensor origin = x_from.masked_fill(masked, 0).unsqueeze(-1);
  const at::Tensor uniform = (r.replace / static_cast<double>(states_.codes)).expand_as(x_from);

  at::Tensor q = uniform.unsqueeze(-1).repeat({1, 1, states_.codes});
  q.scatter_(-1, origin, (r.keep + uniform).unsqueeze(-1));
  q.masked_fill_(masked.unsqueeze(-1), 0.0);
  return with_mask(q, at::where(masked, 1.0, r.mask)).log();
}

at::Tensor RateTransition::log_posterior(const at::Tensor& log_x0,
                                         const at::Tensor& x_t,
                                         const at::Tensor& t,
                                         const at::Tensor& s) const {
  const bool half = log_x0.scalar_type() == at::kHalf || log_x0.scalar_type() == at::kBFloat16;
  const at::Tensor log_p = half ? log_x0.to(at::kFloat) : log_x0;
  const Evidence e = weigh_evidence(table_, states_.codes, x_t, t, s);
  const auto log_of = [&](const at::Tensor& value) {  // [B, N or 1] -> [B, N or 1, 1]
    return value.log().to(log_p.scalar_type()).unsqueeze(-1);
  };
  const at::Tensor seen = e.seen.unsqueeze(-1);
  const at::Tensor other = log_of(e.other);

  const at::Tensor log_r = log_p.scatter_add(-1, seen, log_of(e.rho));
  const at::Tensor log_sum = log_r.logsumexp(-1, /*keepdim=*/true);
  at::Tensor out = log_r + log_of(e.keep);
  if (table_.replaces()) out = at::logaddexp(out, log_sum + log_of(e.uniform));

  const at::Tensor weight = at::where(e.masked.unsqueeze(-1), other, log_of(e.same));
  const at::Tensor at_seen =
      at::where(e.carried.unsqueeze(-1), log_sum, out.gather(-1, seen) + weight);
  out.add_(other).scatter_(-1, seen, at_seen);

  const at::Tensor stay = e.stay.log().to(log_p.scalar_type()) + log_sum.squeeze(-1);
  return with_mask(out, stay.masked_fill(~e.masked, -INFINITY));
}

at::Tensor RateTransition::log_true_posterior(const at::Tensor& x0,
                                              const at::Tensor& x_t,
                                              const at::Tensor& t,
                                              const at::Tensor& s) const {
  const Evidence e = weigh_evidence(table_, states_.codes, x_t, t, s);
  // One-hot p(x_0): r = sum r = rho or 1, and at most three different values occur.
  const at::Tensor hit = ~e.masked & (e.seen == x0);
  const at::Tensor r = at::where(hit, e.rho, 1.0);
  const at::Tensor elsewhere = e.other * e.uniform * r;
  const at::Tensor at_x0 = at::where(hit, e.same, e.other) * (e.keep + e.uniform) * r;
  const at::Tensor at_seen = at::where(e.masked, elsewhere, e.same * e.uniform * r);

  at::Tensor p = elsewhere.unsqueeze(-1).repeat({1, 1, states_.codes});
  p.scatter_(-1, e.seen.unsqueeze(-1), at::where(e.carried, 1.0, at_seen).unsqueeze(-1));
  const at::Tensor kept = hit.to(at::kDouble);
  p.scatter_(-1, x0.unsqueeze(-1), at::where(e.carried, kept, at_x0).unsqueeze(-1));
  return with_mask(p, e.masked * e.stay).log();
}

at::Tensor RateTransition::log_prior() const {
  const Rates end = table_.between({.early = 0, .late = steps()});
  const double mask = states_.masks == 1 && !table_.replaces() ? 1.0 : end.mask;
  at::Tensor p =
      at::full({states_.codes}, (1.0 - mask) / static_cast<double>(states_.codes), at::kDouble);
  if (states_.masks == 1) p = at::cat({p, at::full({1}, mask, at::kDouble)});
  return p.log();
}

at::Tensor RateTransition::dense(TimeRange range) const {
  const at::Tensor all = at::arange(states(), at::kLong).unsqueeze(0);
  const at::Tensor early = at::full({1}, range.early, at::kLong);
  const at::Tensor late = at::full({1}, range.late, at::kLong);
  return log_q(all, early, late).squeeze(0).exp();
}

at::Tensor RateTransition::draw(const at::Tensor& x0,
                                const at::Tensor& t,
                                const nn::Rng& rng,
                                std::int64_t step) const {
  const at::Tensor u =
      rng.uniform(Purpose::kForward, step, {x0.size(1), 2}, x0.device()).to(at::kDouble);
  const at::Tensor fate = u.select(-1, 0);
  const at::Tensor code = (u.select(-1, 1) * static_cast<double>(states_.codes)).to(at::kLong);
  const RateRows r = table_.between(at::zeros_like(t), t);
  // `code` where replaced, and the mask state beyond; a chain without one has keep + replace = 1.
  const at::Tensor noise =
      states_.masks == 0 ? code : code.masked_fill(fate >= r.keep + r.replace, states_.codes);
  return at::where(fate < r.keep, x0, noise);
}

}  // namespace tessera::diffusion
