#include "diffusion/gaussian/samplers/ddim.h"

#include <cmath>

namespace tessera::diffusion {
namespace {

class DdimSampler final : public GaussianSampler {
 public:
  explicit DdimSampler(const GaussianSamplerOptions& options) : options_(options) {}

  std::string_view name() const override { return "ddim"; }
  std::vector<TimeStep> plan(StepBudget budget) const override {
    return spaced_plan(options_.spacing, budget);
  }
  at::Tensor step(const GaussianProcess& process,
                  const GaussianSamplerInput& in,
                  GaussianSamplerState& /*state*/,
                  const nn::Noise& noise) const override {
    const GaussianStride<double> c = process.stride(in.time.from, in.time.to);
    at::Tensor eps = in.estimate.noise;
    at::Tensor x0 = in.estimate.x0;
    if (in.gradient.defined()) {
      eps = eps - c.noise_t * in.gradient;
      x0 = (in.x_t - c.noise_t * eps) / c.signal_t;
    }
    const double variance = options_.eta * options_.eta * c.posterior_variance;
    const double rest = std::sqrt(std::fmax(c.noise_s * c.noise_s - variance, 0.0));
    at::Tensor x_s = c.signal_s * x0 + rest * eps;
    if (variance > 0.0) {
      x_s = x_s + std::sqrt(variance) * step_normals(in, noise, Purpose::kStep);
    }
    return x_s;
  }

 private:
  GaussianSamplerOptions options_;
};

}  // namespace

std::unique_ptr<const GaussianSampler> make_ddim_sampler(const GaussianSamplerOptions& options) {
  return std::make_unique<DdimSampler>(options);
}

}  // namespace tessera::diffusion
