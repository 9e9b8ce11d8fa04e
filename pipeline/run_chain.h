#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/sampler.h"
#include "nn/rng.h"
#include "pipeline/guided_denoiser.h"

namespace tessera::pipeline {

/// One walk from noise to data: the sampling loop itself, without prompts and pictures.
struct ChainWalk {
  const diffusion::Transition& transition;
  const diffusion::DiscreteSampler& sampler;
  std::vector<diffusion::TimeStep> plan{};  // the one that the denoiser was prepared for
  diffusion::Truncation truncation{};
  /// The noise of a stride; one stream for all of them, or, against a recording, its numbers.
  std::function<nn::Noise(const diffusion::TimeStep&)> noise{};
  at::Tensor keep{};   // [B, N] bool, true = put back after every stride; may be undefined
  at::Tensor given{};  // [B, N] int64, what is put back there
};

/// What a stride was drawn from, and what came out.
struct WalkedStride {
  std::int64_t number = 0;  // 1 … strides of the plan
  const diffusion::Prediction& prediction;
  const at::Tensor& canvas;  // [B, N]
};

/// The canvas [B, N] after the last stride. `on_stride` is called after each, where it is given.
/// Throws kCancelled between strides when `stop` is requested.
at::Tensor run_chain(GuidedDenoiser& denoiser,
                     const ChainWalk& walk,
                     at::Tensor canvas,
                     const std::function<void(const WalkedStride&)>& on_stride,
                     std::stop_token stop);

/// What the network is told at each stride of a plan, 1..T.
std::vector<std::int64_t> network_times(const diffusion::DiscreteSampler& sampler,
                                        const std::vector<diffusion::TimeStep>& plan);

/// The end of a plan, from the first stride that begins within `strength` (a share in (0, 1]) of
/// the chain's T `steps`. At least the last stride is left.
std::vector<diffusion::TimeStep> last_share(std::vector<diffusion::TimeStep> plan,
                                            std::int64_t steps,
                                            double strength);

}  // namespace tessera::pipeline
