#include "diffusion/gaussian/bernoulli.h"

#include <cmath>

#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/xlogy.h>
#include <ATen/ops/zeros_like.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"

namespace tessera::diffusion {

BernoulliProcess::BernoulliProcess(GaussianSchedule schedule, double equilibrium)
    : schedule_(std::move(schedule)), equilibrium_(equilibrium) {
  TESSERA_CHECK(std::isfinite(equilibrium) && equilibrium > 0.0 && equilibrium < 1.0,
                kInvalidArgument,
                "equilibrium must be in (0, 1), got ",
                equilibrium);
  TESSERA_CHECK(schedule_.steps() >= 1, kInvalidArgument, "a chain needs at least one step");
  log_alpha_bar_ = at::tensor(schedule_.log_alpha_bar, at::TensorOptions().dtype(at::kDouble));
}

at::Tensor BernoulliProcess::forward(const at::Tensor& x_s,
                                     const at::Tensor& s,
                                     const at::Tensor& t) const {
  const at::Tensor log_kept = log_alpha_bar_.index_select(0, t) - log_alpha_bar_.index_select(0, s);
  const at::Tensor x = x_s.to(at::kDouble);
  return per_row(log_kept.exp(), x) * x + per_row(log_kept.expm1().abs() * equilibrium_, x);
}

at::Tensor BernoulliProcess::marginal(const at::Tensor& x0, const at::Tensor& t) const {
  return forward(x0, t - t, t);
}

at::Tensor BernoulliProcess::posterior(const at::Tensor& x0,
                                       const at::Tensor& x_t,
                                       const at::Tensor& t,
                                       const at::Tensor& s) const {
  TESSERA_CHECK(x0.sizes() == x_t.sizes(),
                kShapeMismatch,
                "x_0 and x_t must have one shape, got ",
                x0.sizes(),
                " and ",
                x_t.sizes());
  const at::Tensor bit = x_t.to(at::kDouble);
  // P(x_t | x_s): of a bit that is seen as 1, the probability of 1, else of 0.
  const auto seen = [&](const at::Tensor& p) { return bit * p + (1.0 - bit) * (1.0 - p); };
  const at::Tensor from_one = seen(forward(at::ones_like(bit), s, t));
  const at::Tensor from_zero = seen(forward(at::zeros_like(bit), s, t));
  const at::Tensor one = marginal(x0, s);
  const at::Tensor both = one * from_one + (1.0 - one) * from_zero;
  // What cannot be seen has no posterior; the answer is then the marginal.
  return at::where(both > 0.0, one * from_one / both.clamp_min(1e-300), one);
}

at::Tensor BernoulliProcess::reverse(const at::Tensor& p0,
                                     const at::Tensor& x_t,
                                     const at::Tensor& t,
                                     const at::Tensor& s) const {
  const at::Tensor p = p0.to(at::kDouble);
  return p * posterior(at::ones_like(p), x_t, t, s) +
         (1.0 - p) * posterior(at::zeros_like(p), x_t, t, s);
}

at::Tensor BernoulliProcess::draw(const at::Tensor& probability,
                                  const nn::Rng& rng,
                                  std::int64_t step) const {
  const at::Tensor u =
      rng.uniform(Purpose::kStep, step, probability.sizes().slice(1), probability.device());
  return (u < probability).to(at::kDouble);
}

at::Tensor bernoulli_kl(const at::Tensor& p, const at::Tensor& q) {
  // x log x - x log y is 0 where x is 0, whatever y.
  return at::xlogy(p, p) - at::xlogy(p, q) + at::xlogy(1.0 - p, 1.0 - p) -
         at::xlogy(1.0 - p, 1.0 - q);
}

at::Tensor bernoulli_entropy(const at::Tensor& p) {
  return -at::xlogy(p, p) - at::xlogy(1.0 - p, 1.0 - p);
}

at::Tensor multiply_bits(const at::Tensor& c, const at::Tensor& d) {
  const at::Tensor one = c * d;
  return one / (one + (1.0 - c) * (1.0 - d));
}

}  // namespace tessera::diffusion
