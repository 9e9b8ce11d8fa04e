#pragma once

#include <cstdint>
#include <vector>

namespace tessera::lab {

/// The Gaussian chain a second time, from nothing but its variances: products multiplied up step by
/// step in long double. What experiments compare the library with; it shares no code with it.
/// Index t of every function runs over 1..T; entry 0 of `beta` is unused.
class ReferenceChain {
 public:
  /// `beta` as a schedule holds it: T + 1 entries.
  explicit ReferenceChain(std::vector<double> beta);

  std::int64_t steps() const { return static_cast<std::int64_t>(beta_.size()) - 1; }
  double beta(std::int64_t t) const { return static_cast<double>(beta_[at(t)]); }
  double kept(std::int64_t t) const { return static_cast<double>(kept_[at(t)]); }  // ᾱ_t, t >= 0
  double lost(std::int64_t t) const { return static_cast<double>(lost_[at(t)]); }  // 1 - ᾱ_t
  double posterior_variance(std::int64_t t) const;                                 // β̃_t
  double of_data(std::int64_t t) const;                                            // c0
  double of_state(std::int64_t t) const;                                           // cx

  /// Data N(0, v): variance of x_t, of x_0 given x_t, of x_{t-1} given x_t.
  double variance(std::int64_t t, double v) const;
  double data_variance_given(std::int64_t t, double v) const;
  double step_variance(std::int64_t t, double v) const;
  /// L_{t-1}, t >= 2, of N(0, v) with the best network and reverse variance `sigma2`; L_0 for t =
  /// 1; L_T. Nats.
  double term(std::int64_t t, double v, double sigma2) const;
  double prior_term(double v) const;
  /// Variance of the ancestral sampler's x_0 with the best network from N(0, 1) on; sigma2[t] is
  /// added at every t, at t = 1 only where it is not 0.
  double sampler_variance(double v, const std::vector<double>& sigma2) const;

 private:
  static std::size_t at(std::int64_t t) { return static_cast<std::size_t>(t); }
  std::vector<long double> beta_, kept_, lost_;
};

}  // namespace tessera::lab
