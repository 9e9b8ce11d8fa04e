#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/options.h"
#include "diffusion/discrete/transition.h"
#include "diffusion/time_step.h"
#include "nn/rng.h"

namespace tessera::diffusion {

/// Classifier-free guidance of log-probabilities, renormalised over the last axis:
/// l_u + scale (l_c - l_u). Both inputs [B, N, K], normalised; scale >= 0.
at::Tensor guide(const at::Tensor& log_conditional,
                 const at::Tensor& log_unconditional,
                 double scale);

/// What is kept of p(x_0 | x_t) before a draw.
struct Truncation {
  double rate = 1.0;       // classes are kept until their mass first reaches `rate`; 1 = all
  std::int64_t top_k = 0;  // or the k most likely; 0 = not used
};

/// "", "1" (off), "0.86", "top0.86r" (a rate in (0, 1]), "top100p" (a number of classes).
/// Throws kInvalidArgument naming the text and the forms it accepts.
Truncation parse_truncation(std::string_view text);

/// Dropped classes become -inf; the most likely one always stays; not renormalised. Of equal
/// classes at the edge the one with the lower index stays.
at::Tensor truncate(const at::Tensor& log_p, const Truncation& truncation);

/// What a sampler sees of one step.
struct SamplerInput {
  at::Tensor log_x0{};  // [B, N, K] log p(x_0 | x_t), guided and truncated; any positive factor
  at::Tensor x_t{};     // [B, N] int64
  TimeStep time{};
  at::Tensor
      locked{};  // [B, N] bool, true = given, never changed by the caller's rule; may be undefined
};

/// What a plan is made for.
struct PlanRequest {
  std::int64_t steps = 0;   // times that are visited, in 1..T
  std::int64_t tokens = 0;  // N, at least 1
};

/// One way to go from noise to data. Stateless: the canvas carries everything.
class DiscreteSampler {
 public:
  virtual ~DiscreteSampler() = default;
  virtual std::string_view name() const = 0;
  /// Starts at T, ends at 0, never rises, whatever is asked for. Checked for every sampler. One
  /// stride a time that is visited; more where a sampler calls the network several times there.
  virtual std::vector<TimeStep> plan(const Transition& transition,
                                     const PlanRequest& request) const = 0;
  /// The time (1..T) that the network is told for this canvas; most samplers answer time.from.
  virtual std::int64_t network_time(const TimeStep& time) const { return time.from; }
  /// x_{time.to}, [B, N] int64. The last step leaves no mask state.
  virtual at::Tensor step(const Transition& transition,
                          const SamplerInput& in,
                          const nn::Noise& noise) const = 0;
};

/// Throws kNotFound listing the known names, kInvalidArgument for an option out of range.
std::unique_ptr<const DiscreteSampler> make_discrete_sampler(std::string_view name,
                                                             const SamplerOptions& options = {});
std::vector<std::string> discrete_sampler_names();
/// `options` with the sampler's own defaults in place of what was left to it. What it does not look
/// at stays as it is.
SamplerOptions resolve_sampler_options(std::string_view name, SamplerOptions options);

}  // namespace tessera::diffusion
