#include "diffusion/gaussian/sampler.h"

#include <algorithm>
#include <cmath>

#include <ATen/ops/full.h>

#include "core/error.h"
#include "core/listed.h"
#include "diffusion/gaussian/samplers/ancestral.h"
#include "diffusion/gaussian/samplers/ddim.h"
#include "diffusion/gaussian/samplers/dpm_solver.h"
#include "diffusion/gaussian/samplers/langevin.h"

namespace tessera::diffusion {
namespace {

void check_share(const char* name, double value) {
  TESSERA_CHECK(std::isfinite(value) && value >= 0.0 && value <= 1.0,
                kInvalidArgument,
                name,
                " must be in [0, 1], got ",
                value);
}

}  // namespace

void GaussianSamplerOptions::validate() const {
  const std::vector<std::string> spacings = gaussian_spacing_names();
  TESSERA_CHECK(std::find(spacings.begin(), spacings.end(), spacing) != spacings.end(),
                kInvalidArgument,
                "spacing must be even, fraction, leading or quadratic, got \"",
                spacing,
                "\"");
  if (!variance.empty()) parse_gaussian_variance(variance);
  check_share("eta", eta);
  check_share("noise_scale", noise_scale);
  TESSERA_CHECK(langevin_steps >= 1 && langevin_steps <= 1000,
                kInvalidArgument,
                "langevin_steps must be in 1..1000, got ",
                langevin_steps);
  TESSERA_CHECK(std::isfinite(langevin_rate) && langevin_rate > 0.0 && langevin_rate < 2.0,
                kInvalidArgument,
                "langevin_rate must be in (0, 2), got ",
                langevin_rate);
}

std::vector<std::string> gaussian_sampler_names() {
  return {"ancestral", "ddim", "dpm-solver++", "langevin"};
}

std::unique_ptr<const GaussianSampler> make_gaussian_sampler(std::string_view name,
                                                             const GaussianSamplerOptions& options,
                                                             GaussianVariance network) {
  options.validate();
  if (name == "ancestral") return make_ancestral_gaussian_sampler(options, network);
  if (name == "ddim") return make_ddim_sampler(options);
  if (name == "dpm-solver++") return make_dpm_solver_sampler(options);
  if (name == "langevin") return make_langevin_sampler(options);
  TESSERA_THROW(kNotFound,
                "no Gaussian sampler named \"",
                name,
                "\"; known: ",
                listed(gaussian_sampler_names()));
}

at::Tensor step_normals(const GaussianSamplerInput& in, const nn::Noise& noise, Purpose purpose) {
  if (in.normals.defined()) {
    TESSERA_CHECK(in.normals.sizes() == in.x_t.sizes(),
                  kShapeMismatch,
                  "a step's normal numbers have the shape of x_t, ",
                  in.x_t.sizes(),
                  ", got ",
                  in.normals.sizes());
    return in.normals.to(in.x_t.options());
  }
  return noise.rng.normal(purpose, in.time.index, in.x_t.sizes().slice(1), in.x_t.device())
      .to(in.x_t.scalar_type());
}

GaussianMoments reverse_moments(const GaussianProcess& process,
                                const GaussianSamplerInput& in,
                                GaussianVariance variance) {
  const at::TensorOptions times = at::TensorOptions().dtype(at::kLong).device(process.device());
  const at::Tensor t = at::full({1}, in.time.from, times);  // one stride for all rows
  const at::Tensor s = at::full({1}, in.time.to, times);
  const GaussianStride<double> c = process.stride(in.time.from, in.time.to);
  GaussianMoments moments{
      .mean = c.x0_coefficient * in.estimate.x0 + c.xt_coefficient * in.x_t,
      .log_variance = log_variance(
          process, variance, {.x_t = in.x_t, .t = t, .s = s, .raw = in.estimate.variance_raw})};
  if (in.gradient.defined()) {
    moments.mean = moments.mean + moments.log_variance.exp() * in.gradient;
  }
  return moments;
}

}  // namespace tessera::diffusion
