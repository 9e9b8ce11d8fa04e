#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/options.h"
#include "diffusion/discrete/prediction.h"
#include "diffusion/discrete/transition.h"
#include "diffusion/time_step.h"
#include "nn/rng.h"

namespace tessera::diffusion {

/// What a sampler sees of one step.
struct SamplerInput {
  Prediction log_x0{};  // p(x_0 | x_t), guided and truncated; up to a positive factor
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
  /// The time (1..T) that the network is told for this canvas.
  virtual std::int64_t network_time(const TimeStep& time) const {
    return time.told > 0 ? time.told : time.from;
  }
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
