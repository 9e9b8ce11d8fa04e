#include "diffusion/discrete/samplers/ancestral.h"

#include <ATen/ATen.h>

#include "diffusion/discrete/categorical.h"

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
    const at::Tensor t = at::full({in.x_t.size(0)}, in.time.from, in.x_t.options());
    const at::Tensor s = at::full_like(t, in.time.to);
    const at::Tensor log_p = transition.log_posterior(in.log_x0, in.x_t, t, s);
    const at::Tensor x_s =
        draw_categorical(log_p, noise, {.purpose = Purpose::kStep, .step = in.time.index});
    return in.locked.defined() ? at::where(in.locked, in.x_t, x_s) : x_s;
  }
};

}  // namespace

std::unique_ptr<const DiscreteSampler> make_ancestral_sampler() {
  return std::make_unique<AncestralSampler>();
}

}  // namespace tessera::diffusion
