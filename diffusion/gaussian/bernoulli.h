#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/schedule.h"
#include "nn/rng.h"

namespace tessera::diffusion {

/// Binomial diffusion of bits (Sohl-Dickstein 2015, table C.1): with probability beta_t a bit is
/// drawn anew with activity `equilibrium`. Bits are 0 or 1 in any floating type, probabilities
/// float64 computed; times [B] int64.
class BernoulliProcess {
 public:
  /// equilibrium in (0, 1).
  BernoulliProcess(GaussianSchedule schedule, double equilibrium);

  const GaussianSchedule& schedule() const { return schedule_; }
  std::int64_t steps() const { return schedule_.steps(); }
  double equilibrium() const { return equilibrium_; }

  /// P(x_t = 1 | x_0) [B, ...]; x0 may be a probability.
  at::Tensor marginal(const at::Tensor& x0, const at::Tensor& t) const;
  /// P(x_t = 1 | x_s) over the stride.
  at::Tensor forward(const at::Tensor& x_s, const at::Tensor& s, const at::Tensor& t) const;
  /// P(x_s = 1 | x_t, x_0), 0 <= s < t; x0 bits.
  at::Tensor posterior(const at::Tensor& x0,
                       const at::Tensor& x_t,
                       const at::Tensor& t,
                       const at::Tensor& s) const;
  /// P(x_s = 1 | x_t) where P(x_0 = 1 | x_t) = `p0`: the posterior averaged over x_0.
  at::Tensor reverse(const at::Tensor& p0,
                     const at::Tensor& x_t,
                     const at::Tensor& t,
                     const at::Tensor& s) const;
  at::Tensor draw(const at::Tensor& probability, const nn::Rng& rng, std::int64_t step) const;

 private:
  GaussianSchedule schedule_;
  double equilibrium_;
  at::Tensor log_alpha_bar_;
};

/// KL of Bernoulli(p) to Bernoulli(q) a coordinate, nats; 0 log 0 = 0.
at::Tensor bernoulli_kl(const at::Tensor& p, const at::Tensor& q);
/// Entropy of Bernoulli(p), nats.
at::Tensor bernoulli_entropy(const at::Tensor& p);
/// The probability of a bit under f g, normalised: c d / (c d + (1 - c)(1 - d)).
at::Tensor multiply_bits(const at::Tensor& c, const at::Tensor& d);

}  // namespace tessera::diffusion
