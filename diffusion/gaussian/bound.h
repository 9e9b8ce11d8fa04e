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
  /// Strides whose terms are summed, from T to 0: even_plan({T, T}) for the whole chain.
  std::vector<TimeStep> plan{};  // empty = every step
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

/// One stride's term for given noise: rows of `noise` make x_t from x_0.
struct BoundStride {
  at::Tensor term{};           // [B] nats a dimension
  at::Tensor squared_error{};  // [B] mean (x_0 - x0 estimate)^2
};
BoundStride bound_stride(const GaussianProcess& process,
                         GaussianDenoiser& denoiser,
                         const BoundInput& in,
                         const BoundOptions& options,
                         const TimeStep& time,
                         const at::Tensor& noise);

/// L_T of x0, [B] nats a dimension.
at::Tensor prior_term(const GaussianProcess& process, const at::Tensor& x0);

/// Every term once, each with one x_t of its own keyed noise (Purpose::kForward, the stride's
/// index). T network calls.
BoundTerms gaussian_bound(const GaussianProcess& process,
                          GaussianDenoiser& denoiser,
                          const BoundInput& in,
                          const BoundOptions& options,
                          const nn::Rng& rng);

/// A point of the progressive code (DDPM section 4.3): once x_t is known, this many bits a
/// dimension were sent, and x_0 is estimated from x_t with this error.
struct RatePoint {
  std::int64_t t = 0;
  double rate = 0.0;        // bits a dimension
  double distortion = 0.0;  // root of the mean squared error, on the scale 0..255
};
/// From T (nothing but L_T sent) down, of the mean over the batch.
std::vector<RatePoint> rate_distortion(const BoundTerms& terms);

/// -log p(x_0) of the model by importance sampling over forward paths: log mean exp over `paths`
/// paths of log q(x_1..T | x_0) - log p(x_0..T), nats a dimension, [B]. One path = the bound's own
/// estimate; it falls towards the exact value.
at::Tensor path_likelihood(const GaussianProcess& process,
                           GaussianDenoiser& denoiser,
                           const BoundInput& in,
                           const BoundOptions& options,
                           const std::vector<nn::Rng>& paths);

}  // namespace tessera::diffusion
