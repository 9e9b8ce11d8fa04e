#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/denoiser.h"
#include "diffusion/gaussian/estimate.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/time_step.h"
#include "nn/rng.h"

namespace tessera::diffusion {

struct BoundOptions {
  std::string decoder = "pixels";                   // pixels or continuous
  ThresholdOptions threshold{.threshold = "none"};  // of the estimate of x_0
  std::vector<TimeStep> plan{};  // strides whose terms are summed, from T to 0; empty = every step
};

/// What is evaluated: pictures, and what the network may know of them.
struct BoundInput {
  at::Tensor x0{};  // [B, C, H, W]
  nn::Condition condition{};
};

/// The variational bound of -log p(x_0), nats a dimension, means over the picture: [B] each.
struct BoundTerms {
  at::Tensor prior{};          // L_T = KL(q(x_T | x_0) || N(0, 1))
  at::Tensor terms{};          // [B, S], column i the term of stride i of the plan; the last is L_0
  at::Tensor squared_error{};  // [B, S] of the estimate of x_0 at those times
  std::vector<TimeStep> plan{};

  at::Tensor total() const;  // [B] nats a dimension
  at::Tensor bits() const;   // [B] bits a dimension
};

/// One stride's term for given noise.
struct BoundStride {
  at::Tensor term{};           // [B] nats a dimension
  at::Tensor squared_error{};  // [B] mean (x_0 - its estimate)^2
};

/// Evaluates the bound of a denoiser. The process and the denoiser must outlive it. Records no
/// gradient. Throws kInvalidArgument for a plan that does not run from T to 0.
class GaussianBound {
 public:
  GaussianBound(const GaussianProcess& process, GaussianDenoiser& denoiser, BoundOptions options);

  const BoundOptions& options() const { return options_; }
  /// L_T of x0, [B] nats a dimension.
  at::Tensor prior(const at::Tensor& x0) const;
  /// The term of one stride at x_t = q_sample(x0, time.from, noise), noise of x0's shape.
  BoundStride stride(const BoundInput& in, const TimeStep& time, const at::Tensor& noise);
  /// Every term once, each with one x_t of its own keyed noise (Purpose::kForward, the stride's
  /// index). One network call a stride.
  BoundTerms evaluate(const BoundInput& in, const nn::Rng& rng);
  /// -log p(x_0) of the model by importance sampling over forward paths: minus the log of the mean
  /// of p(x_0..T) / q(x_1..T | x_0) over `paths`, nats a dimension, [B]. Of one path its
  /// expectation is the bound; with more it falls towards the model's own -log p(x_0).
  at::Tensor path_likelihood(const BoundInput& in, const std::vector<nn::Rng>& paths);

 private:
  struct Step {
    GaussianEstimate estimate{};
    GaussianMoments reverse{};
  };
  Step look(const BoundInput& in, const TimeStep& time, const at::Tensor& x_t);

  const GaussianProcess& process_;
  GaussianDenoiser& denoiser_;
  BoundOptions options_;
};

/// A point of the progressive code (DDPM section 4.3): once x_t is known, this many bits a
/// dimension were sent, and x_0 is estimated from x_t with this error.
struct RatePoint {
  std::int64_t t = 0;
  double rate = 0.0;        // bits a dimension
  double distortion = 0.0;  // root of the mean squared error, on the scale 0..255
};
/// From T (nothing but L_T sent) down, of the mean over the batch.
std::vector<RatePoint> rate_distortion(const BoundTerms& terms);

}  // namespace tessera::diffusion
