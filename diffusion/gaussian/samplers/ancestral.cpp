#include "diffusion/gaussian/samplers/ancestral.h"

#include "core/error.h"

namespace tessera::diffusion {
namespace {

class AncestralGaussianSampler final : public GaussianSampler {
 public:
  AncestralGaussianSampler(const GaussianSamplerOptions& options, GaussianVariance variance)
      : options_(options), variance_(variance) {}

  std::string_view name() const override { return "ancestral"; }
  std::vector<TimeStep> plan(StepBudget budget) const override {
    return spaced_plan(options_.spacing, budget);
  }
  at::Tensor step(const GaussianProcess& process,
                  const GaussianSamplerInput& in,
                  GaussianSamplerState& /*state*/,
                  const nn::Noise& noise) const override {
    const GaussianMoments moments = reverse_moments(process, in, variance_);
    if (in.time.to == 0 || options_.noise_scale == 0.0) return moments.mean;
    return moments.mean + options_.noise_scale * (moments.log_variance * 0.5).exp() *
                              step_normals(in, noise, Purpose::kStep);
  }

 private:
  GaussianSamplerOptions options_;
  GaussianVariance variance_;
};

}  // namespace

std::unique_ptr<const GaussianSampler> make_ancestral_gaussian_sampler(
    const GaussianSamplerOptions& options, GaussianVariance network) {
  const GaussianVariance variance =
      options.variance.empty() ? network : parse_gaussian_variance(options.variance);
  TESSERA_CHECK(!is_learned(variance) || variance == network,
                kInvalidArgument,
                "the variance ",
                to_string(variance),
                " must have been learned; this network was made for ",
                to_string(network));
  return std::make_unique<AncestralGaussianSampler>(options, variance);
}

}  // namespace tessera::diffusion
