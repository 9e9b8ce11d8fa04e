#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/options.h"
#include "nn/rng.h"

namespace tessera::diffusion {

// t = 0 is clean data, t = T is noise. Every schedule array has T + 1 float64 entries and entry 0
// is the identity, so no caller wraps or clips an index. log-probability tensors are [B, N, C] with
// C states (K codes, plus one mask state where there is one, always the last), in nats; x is [B, N]
// int64; times are [B] int64.

struct TimeRange {
  std::int64_t early = 0;
  std::int64_t late = 0;  // >= early
};

class RateTable;

/// The forward Markov chain of discrete diffusion (D3PM; VQ-Diffusion). Where evidence has
/// probability zero there is no posterior; what is answered instead is in docs/math/discrete.md.
class Transition {
 public:
  virtual ~Transition() = default;

  virtual std::string_view name() const = 0;
  virtual std::int64_t steps() const = 0;   // T
  virtual std::int64_t codes() const = 0;   // K
  virtual std::int64_t states() const = 0;  // C = K, or K + 1 with a mask state
  virtual std::optional<std::int64_t> mask_state() const = 0;
  /// The rates of a keep / replace / mask chain; null where the chain is of another family, and the
  /// loss takes the way through log_posterior.
  virtual const RateTable* rates() const { return nullptr; }

  /// log q(x_to | x_from) [B, N, C] float64, 0 <= from <= to. `x_from` [B, N] int64. The marginal:
  /// from = 0.
  virtual at::Tensor log_q(const at::Tensor& x_from,
                           const at::Tensor& from,
                           const at::Tensor& to) const = 0;
  /// log p(x_s | x_t) [B, N, C] = log sum_k q(x_s | x_t, x_0 = k) p(x_0 = k | x_t) for 0 <= s < t,
  /// s need not be t - 1. `log_x0` [B, N, K] sets the type of the result; entries may be -inf
  /// (truncated) and need not sum to 1.
  virtual at::Tensor log_posterior(const at::Tensor& log_x0,
                                   const at::Tensor& x_t,
                                   const at::Tensor& t,
                                   const at::Tensor& s) const = 0;
  /// The true posterior log q(x_s | x_t, x_0) [B, N, C] float64; x_0 [B, N] int64 in [0, K).
  virtual at::Tensor log_true_posterior(const at::Tensor& x0,
                                        const at::Tensor& x_t,
                                        const at::Tensor& t,
                                        const at::Tensor& s) const = 0;
  virtual at::Tensor log_prior() const = 0;  // [C] float64, the distribution of x_T

  /// Row-stochastic product Q_{early+1} ... Q_{late}, [C, C] float64, row = from-state.
  /// For DenseTransition, tests, the lab and docs; never called while sampling.
  virtual at::Tensor dense(TimeRange range) const = 0;

  /// Draws x_t ~ q(x_t | x_0), [B, N] int64, in O(1) a token where the chain allows it.
  virtual at::Tensor draw(const at::Tensor& x0,
                          const at::Tensor& t,
                          const nn::Rng& rng,
                          std::int64_t step) const = 0;
};

/// How a chain is described in configs and model cards ("scheduler/config.json").
struct TransitionOptions {
  std::string kind = "mask-and-replace";  // mask-and-replace, absorbing, uniform
  std::string schedule = "alpha1";        // alpha1, linear-mask, uniform-only, cosine-mask
  std::int64_t steps = 100;               // T
  double keep_start = 0.99999;            // alpha_bar at t = 1 (alpha1)
  double keep_end = 0.000009;             // alpha_bar at t = T
  double mask_start = 0.000009;           // gamma_bar at t = 1
  double mask_end = 0.99999;              // gamma_bar at t = T
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, TransitionOptions& o) {
  v("kind", o.kind, "mask-and-replace, absorbing or uniform");
  v("schedule", o.schedule, "alpha1, linear-mask, uniform-only or cosine-mask");
  v("steps", o.steps, "number of diffusion steps T");
  v("keep_start", o.keep_start, "cumulative probability of keeping a code after the first step");
  v("keep_end", o.keep_end, "the same after the last step");
  v("mask_start", o.mask_start, "cumulative probability of the mask after the first step");
  v("mask_end", o.mask_end, "the same after the last step");
}

/// The one place where options become a chain over `codes` = K codes.
std::unique_ptr<const Transition> make_transition(const TransitionOptions& options,
                                                  std::int64_t codes);

}  // namespace tessera::diffusion
