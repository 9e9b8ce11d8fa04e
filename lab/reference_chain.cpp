#include "lab/reference_chain.h"

#include <cmath>
#include <numbers>

namespace tessera::lab {

ReferenceChain::ReferenceChain(std::vector<double> beta)
    : beta_(beta.begin(), beta.end()), kept_(beta.size(), 1.0L), lost_(beta.size(), 0.0L) {
  for (std::size_t t = 1; t < beta_.size(); ++t) {
    kept_[t] = kept_[t - 1] * (1 - beta_[t]);
    lost_[t] = lost_[t - 1] * (1 - beta_[t]) + beta_[t];  // no difference of near numbers
  }
}

double ReferenceChain::posterior_variance(std::int64_t t) const {
  return static_cast<double>(beta_[at(t)] * lost_[at(t - 1)] / lost_[at(t)]);
}

double ReferenceChain::of_data(std::int64_t t) const {
  return static_cast<double>(beta_[at(t)] * std::sqrt(kept_[at(t - 1)]) / lost_[at(t)]);
}

double ReferenceChain::of_state(std::int64_t t) const {
  return static_cast<double>(std::sqrt(1 - beta_[at(t)]) * lost_[at(t - 1)] / lost_[at(t)]);
}

double ReferenceChain::variance(std::int64_t t, double v) const {
  return static_cast<double>(kept_[at(t)] * v + lost_[at(t)]);
}

double ReferenceChain::data_variance_given(std::int64_t t, double v) const {
  return v * lost(t) / variance(t, v);
}

double ReferenceChain::step_variance(std::int64_t t, double v) const {
  return posterior_variance(t) + of_data(t) * of_data(t) * data_variance_given(t, v);
}

double ReferenceChain::term(std::int64_t t, double v, double sigma2) const {
  const double error = data_variance_given(t, v);
  if (t == 1) return 0.5 * (std::log(2 * std::numbers::pi * sigma2) + error / sigma2);
  const double small = posterior_variance(t);
  return 0.5 * (std::log(sigma2 / small) + small / sigma2 - 1) +
         0.5 * of_data(t) * of_data(t) * error / sigma2;
}

double ReferenceChain::prior_term(double v) const {
  const double last = kept(steps());
  return 0.5 * (last * v - last - std::log(lost(steps())));
}

double ReferenceChain::sampler_variance(double v, const std::vector<double>& sigma2) const {
  double variance_now = 1.0;
  for (std::int64_t t = steps(); t >= 1; --t) {
    const double slope = of_data(t) * std::sqrt(kept(t)) * v / variance(t, v) + of_state(t);
    variance_now = slope * slope * variance_now + sigma2[at(t)];
  }
  return variance_now;
}

}  // namespace tessera::lab
