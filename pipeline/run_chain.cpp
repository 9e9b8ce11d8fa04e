#include "pipeline/run_chain.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::pipeline {

at::Tensor run_chain(GuidedDenoiser& denoiser,
                     const ChainWalk& walk,
                     at::Tensor canvas,
                     const std::function<void(const WalkedStride&)>& on_stride,
                     std::stop_token stop) {
  std::int64_t done = 0;
  for (const diffusion::TimeStep& time : walk.plan) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after step ", done);
    const diffusion::Prediction prediction = denoiser.predict(canvas, done, walk.truncation);
    canvas =
        walk.sampler.step(walk.transition,
                          {.log_x0 = prediction, .x_t = canvas, .time = time, .locked = walk.keep},
                          walk.noise(time));
    if (walk.keep.defined()) canvas = at::where(walk.keep, walk.given, canvas);
    ++done;
    if (on_stride) on_stride({.number = done, .prediction = prediction, .canvas = canvas});
  }
  return canvas;
}

std::vector<std::int64_t> network_times(const diffusion::DiscreteSampler& sampler,
                                        const std::vector<diffusion::TimeStep>& plan) {
  std::vector<std::int64_t> times;
  for (const diffusion::TimeStep& time : plan) times.push_back(sampler.network_time(time));
  return times;
}

std::vector<diffusion::TimeStep> last_share(std::vector<diffusion::TimeStep> plan,
                                            std::int64_t steps,
                                            double strength) {
  const double latest = strength * static_cast<double>(steps) + 1e-9;
  auto first = plan.begin();
  while (first + 1 != plan.end() && static_cast<double>(first->from) > latest) ++first;
  plan.erase(plan.begin(), first);
  return plan;
}

}  // namespace tessera::pipeline
