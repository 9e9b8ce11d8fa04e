#include "diffusion/gaussian/samplers/dpm_solver.h"

#include <cmath>

namespace tessera::diffusion {
namespace {

class DpmSolverSampler final : public GaussianSampler {
 public:
  explicit DpmSolverSampler(const GaussianSamplerOptions& options) : options_(options) {}

  std::string_view name() const override { return "dpm-solver++"; }
  std::vector<TimeStep> plan(StepBudget budget) const override {
    return spaced_plan(options_.spacing, budget);
  }
  at::Tensor step(const GaussianProcess& process,
                  const GaussianSamplerInput& in,
                  GaussianSamplerState& state,
                  const nn::Noise& /*noise*/) const override {
    const GaussianStride<double> c = process.stride(in.time.from, in.time.to);
    at::Tensor x0 = in.estimate.x0;
    if (in.gradient.defined()) {
      const at::Tensor eps = in.estimate.noise - c.noise_t * in.gradient;
      x0 = (in.x_t - c.noise_t * eps) / c.signal_t;
    }
    const at::Tensor direction = extrapolated(process.schedule(), in.time, x0, state);
    state = {.x0 = x0, .from = in.time.from};
    const double ratio = c.noise_s / c.noise_t;
    return ratio * in.x_t + (c.signal_s - c.signal_t * ratio) * direction;
  }

 private:
  /// (1 + 1/2r) x0 - 1/2r x0 of the step before, r the ratio of the last step in half log-SNR to
  /// this one.
  static at::Tensor extrapolated(const GaussianSchedule& schedule,
                                 const TimeStep& time,
                                 const at::Tensor& x0,
                                 const GaussianSamplerState& state) {
    if (!state.x0.defined() || state.from <= time.from || time.to == 0) return x0;
    const double here = schedule.log_snr(time.from);
    const double before = here - schedule.log_snr(state.from);  // inf after a level without signal
    const double weight = 0.5 * (schedule.log_snr(time.to) - here) / before;
    return (1.0 + weight) * x0 - weight * state.x0;
  }

  GaussianSamplerOptions options_;
};

}  // namespace

std::unique_ptr<const GaussianSampler> make_dpm_solver_sampler(
    const GaussianSamplerOptions& options) {
  return std::make_unique<DpmSolverSampler>(options);
}

}  // namespace tessera::diffusion
