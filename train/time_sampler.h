#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "nn/rng.h"
#include "train/parameters.h"

namespace tessera::train {

/// The times of one training batch and what they were drawn with.
struct Times {
  at::Tensor t{};            // [B] int64 in 1..T, on the CPU
  at::Tensor probability{};  // [B] float64, p(t) of each
};

/// Which t a training row gets. "uniform": p = 1/T. "importance" (Nichol and Dhariwal 2021, as
/// VQ-Diffusion has it): uniform until every t has been met more than ten times, then p(t) in
/// proportion to sqrt(E[bound(t)²]) + 1e-4, with the weight of t = 2 for t = 1 as well. Either way
/// the rows of a batch are stratified: row i draws from the i-th of B equal shares of the
/// probability, so that p(t) is the same and the batch covers the chain evenly.
class TimeSampler {
 public:
  /// Throws kInvalidArgument for an unknown kind.
  TimeSampler(const std::string& kind, std::int64_t steps);

  Times draw(const nn::Rng& rng, std::int64_t step) const;
  /// Remembers the bounds [B] (nats, not weighted) of a batch; rows in order, so of rows with the
  /// same t the last counts most. Waits for the device; does nothing for "uniform".
  void update(const at::Tensor& t, const at::Tensor& bound);
  /// Whether update() wants anything.
  bool learns() const { return importance_; }
  /// p(t) for t = 1..T, [T] float64.
  at::Tensor probabilities() const;

  /// Shares storage: "history" and "count", [T] float64.
  TensorMap state() const { return {{"history", history_}, {"count", count_}}; }

 private:
  bool importance_;
  at::Tensor history_;  // [T] mean square of the bound at t = 1..T
  at::Tensor count_;    // [T]
};

}  // namespace tessera::train
