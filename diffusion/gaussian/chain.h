#pragma once

#include <functional>
#include <stop_token>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/denoiser.h"
#include "diffusion/gaussian/sampler.h"

namespace tessera::diffusion {

/// What is looked at, or changed, after a step: x_s may be replaced by the hook's answer.
struct ChainStep {
  TimeStep time{};
  at::Tensor x{};         // x_s
  at::Tensor estimate{};  // of x_0, of this step
};

/// How a chain is run; the condition and the guidance of every step.
struct ChainOptions {
  nn::Condition condition{};
  nn::Condition unconditional{};  // empty = the denoiser's null condition, where guidance is not 1
  double guidance = 1.0;
  ThresholdOptions threshold{};
  std::vector<TimeStep> plan{};  // empty = every step of the sampler's plan with `steps`
  std::int64_t steps = 0;        // times visited; 0 = T
  /// log p(y | x_t)'s gradient [B, ...] for (x_t, t); classifier guidance, scale included.
  std::function<at::Tensor(const at::Tensor&, const TimeStep&)> gradient{};
  /// In place of the stream's numbers; tests give zeros.
  std::function<at::Tensor(const at::Tensor&, const TimeStep&)> normals{};
  /// Sees every step; what it returns (if defined) goes on as x_s.
  std::function<at::Tensor(const ChainStep&)> on_step{};
  std::stop_token stop{};
};

/// The parts of a chain; they must outlive its run.
struct GaussianChain {
  const GaussianProcess& process;
  GaussianDenoiser& denoiser;
  const GaussianSampler& sampler;
};

/// x_{plan[0].from} [B, C, H, W] -> x_0, of the same type. No gradient is recorded. Throws
/// kCancelled, kInvalidArgument for a guidance without a condition.
at::Tensor run_gaussian_chain(const GaussianChain& chain,
                              const at::Tensor& x_start,
                              const ChainOptions& options,
                              const nn::Noise& noise);

/// One call of the network with the options' condition and guidance.
at::Tensor guided_answer(GaussianDenoiser& denoiser,
                         const PredictionPoint& point,
                         const ChainOptions& options);

/// x_T ~ N(0, 1): `shape` without B; float32 (Purpose::kPrior).
at::Tensor draw_prior(const nn::Noise& noise, at::IntArrayRef shape, at::Device device = at::kCPU);

}  // namespace tessera::diffusion
