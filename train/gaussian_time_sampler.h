#pragma once

#include <cstdint>
#include <string>

#include "nn/rng.h"
#include "train/time_sampler.h"

namespace tessera::train {

/// Which t in 1..T a row of Gaussian training gets.
///   "uniform"        each row by itself
///   "stratified"     row i from the i-th of B equal shares of 1..T, in drawn order
///   "antithetic"     rows in pairs t, T + 1 - t (Song et al. 2021)
///   "second-moment"  p(t) in proportion to the root of the mean of its last ten squared losses,
///                    mixed with 0.001 of uniform; uniform until every t has ten (Nichol and
///                    Dhariwal 2021, section 3.3)
/// A row's loss is to be weighted by 1 / (T p(t)).
class GaussianTimeSampler {
 public:
  /// Throws kInvalidArgument for an unknown kind.
  GaussianTimeSampler(const std::string& kind, std::int64_t steps);

  Times draw(const nn::Rng& rng, std::int64_t step) const;
  /// Remembers the losses [B] (not weighted) of a batch. Waits for the device; does nothing but for
  /// "second-moment".
  void update(const at::Tensor& t, const at::Tensor& loss);
  at::Tensor probabilities() const;  // of t = 1..T, [T] float64

  /// Shares storage: "losses" [T, 10] and "count" [T], float64; empty but for "second-moment".
  TensorMap state() const;

 private:
  std::string kind_;
  std::int64_t steps_;
  at::Tensor losses_;  // [T, 10], the newest at count % 10
  at::Tensor count_;   // [T]
};

}  // namespace tessera::train
