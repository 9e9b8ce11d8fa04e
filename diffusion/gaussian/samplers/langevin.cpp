#include "diffusion/gaussian/samplers/langevin.h"

#include <cmath>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

class LangevinSampler final : public GaussianSampler {
 public:
  explicit LangevinSampler(const GaussianSamplerOptions& options) : options_(options) {}

  std::string_view name() const override { return "langevin"; }
  std::vector<TimeStep> plan(StepBudget budget) const override {
    std::vector<TimeStep> plan;
    const std::vector<TimeStep> levels = spaced_plan(options_.spacing, budget);
    const auto count = static_cast<std::int64_t>(levels.size()) * options_.langevin_steps;
    for (const TimeStep& level : levels) {
      for (std::int64_t i = 1; i <= options_.langevin_steps; ++i) {
        plan.push_back({.from = level.from,
                        .to = i < options_.langevin_steps ? level.from : level.to,
                        .index = static_cast<std::int64_t>(plan.size()),
                        .count = count});
      }
    }
    return plan;
  }
  at::Tensor step(const GaussianProcess& process,
                  const GaussianSamplerInput& in,
                  GaussianSamplerState& /*state*/,
                  const nn::Noise& noise) const override {
    const GaussianSchedule& schedule = process.schedule();
    if (in.time.to == 0) return in.estimate.x0;
    const double level = schedule.noise(in.time.from);
    const double size = options_.langevin_rate * level * level;
    at::Tensor score = in.estimate.noise * (-1.0 / level);
    if (in.gradient.defined()) score = score + in.gradient;
    const at::Tensor moved = in.x_t + (0.5 * size) * score +
                             std::sqrt(size) * step_normals(in, noise, Purpose::kLangevin);
    if (in.time.to == in.time.from) return moved;
    const double signal = schedule.signal(in.time.from);
    TESSERA_CHECK(signal > 0.0,
                  kInvalidArgument,
                  "the sampler langevin needs a schedule that leaves some signal at t = ",
                  in.time.from);
    return moved * (schedule.signal(in.time.to) / signal);
  }

 private:
  GaussianSamplerOptions options_;
};

}  // namespace

std::unique_ptr<const GaussianSampler> make_langevin_sampler(
    const GaussianSamplerOptions& options) {
  return std::make_unique<LangevinSampler>(options);
}

}  // namespace tessera::diffusion
