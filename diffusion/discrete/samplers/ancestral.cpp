#include "diffusion/discrete/samplers/ancestral.h"

#include <ATen/ATen.h>

namespace tessera::diffusion {
namespace {

class AncestralSampler final : public DiscreteSampler {
 public:
  std::string_view name() const override { return "ancestral"; }
  std::vector<TimeStep> plan(const Transition& transition,
                             const PlanRequest& request) const override {
    return even_plan({.trained = transition.steps(), .wanted = request.steps});
  }

  at::Tensor step(const Transition& transition,
                  const SamplerInput& in,
                  const nn::Noise& noise) const override {
    const at::Tensor x_s = in.log_x0.draw_posterior(
        transition, in.x_t, in.time, noise, {.purpose = Purpose::kStep, .step = in.time.index});
    return in.locked.defined() ? at::where(in.locked, in.x_t, x_s) : x_s;
  }
};

}  // namespace

std::unique_ptr<const DiscreteSampler> make_ancestral_sampler() {
  return std::make_unique<AncestralSampler>();
}

}  // namespace tessera::diffusion
