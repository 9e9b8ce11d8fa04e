#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/estimate.h"
#include "diffusion/gaussian/process.h"
#include "diffusion/gaussian/variance.h"
#include "diffusion/time_step.h"
#include "nn/rng.h"

namespace tessera::diffusion {

/// What Gaussian samplers can be told; each looks at what it knows.
struct GaussianSamplerOptions {
  std::string spacing = "even";     // which times are visited, see spaced_plan()
  std::string variance = "";        // ancestral: large, small, diagonal, range; "" = the network's
  double eta = 0.0;                 // ddim: 0 = deterministic, 1 = ancestral; in [0, 1]
  double noise_scale = 1.0;         // ancestral: 0 = the mean alone; in [0, 1]
  std::int64_t langevin_steps = 5;  // langevin: network calls a level
  double langevin_rate = 0.1;       // langevin: step size in units of 1 - alpha_bar_t, in (0, 2)
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianSamplerOptions& o) {
  v("spacing", o.spacing, "times that are visited: even, fraction, leading or quadratic");
  v("variance", o.variance, "noise of the sampler ancestral: large, small, diagonal, range");
  v("eta", o.eta, "noise of the sampler ddim, 0 = none, 1 = as ancestral");
  v("noise_scale", o.noise_scale, "share of its noise that the sampler ancestral adds");
  v("langevin_steps", o.langevin_steps, "network calls a noise level, sampler langevin");
  v("langevin_rate", o.langevin_rate, "step size of the sampler langevin, of the noise variance");
}

/// What a sampler sees of one step.
struct GaussianSamplerInput {
  GaussianEstimate estimate{};  // guided and thresholded
  at::Tensor x_t{};             // [B, ...]
  TimeStep time{};
  at::Tensor gradient{};  // [B, ...] of log p(y | x_t), classifier guidance; may be undefined
  at::Tensor normals{};   // [B, ...] in place of the stream's numbers; may be undefined
};

/// What multistep samplers remember between the steps of one chain; the caller owns it, one a
/// chain, and starts a chain with an empty one.
struct GaussianSamplerState {
  at::Tensor x0{};        // the estimate of the step before; undefined at the first
  std::int64_t from = 0;  // its time
};

/// One way to go from noise to data.
class GaussianSampler {
 public:
  virtual ~GaussianSampler() = default;
  virtual std::string_view name() const = 0;
  /// Ends at 0, never rises; starts at T with the spacings even and fraction. One stride a network
  /// call; `wanted` counts times that are visited (langevin calls the network several times there).
  virtual std::vector<TimeStep> plan(StepBudget budget) const = 0;
  /// x_{time.to}, of x_t's shape and type. No noise is added by the last step.
  virtual at::Tensor step(const GaussianProcess& process,
                          const GaussianSamplerInput& in,
                          GaussianSamplerState& state,
                          const nn::Noise& noise) const = 0;
};

/// "ancestral", "ddim", "dpm-solver++", "langevin". Throws kNotFound listing the known names,
/// kInvalidArgument for an option out of range. `network` is the variance the network was made for;
/// a learned one is refused where it has none.
std::unique_ptr<const GaussianSampler> make_gaussian_sampler(
    std::string_view name,
    const GaussianSamplerOptions& options = {},
    GaussianVariance network = GaussianVariance::kLarge);
std::vector<std::string> gaussian_sampler_names();

/// even       T, ..., T/S, 0, as even as integers allow (the default; S strides)
/// fraction   round(i (T - 1) / (S - 1)) + 1, both ends (Improved DDPM)
/// leading    1, 1 + T/S, ... (DDIM's uniform subsets; starts below T)
/// quadratic  floor((i sqrt(0.8 T) / (S - 1))^2) + 1 (DDIM; starts at 0.8 T)
/// Throws kInvalidArgument outside 1..T, kNotFound for an unknown name.
std::vector<TimeStep> spaced_plan(std::string_view spacing, StepBudget budget);
std::vector<std::string> gaussian_spacing_names();

/// A picture's normal numbers for one step: `in.normals` where given, else of the stream
/// (purpose kStep, step in.time.index).
at::Tensor step_normals(const GaussianSamplerInput& in, const nn::Noise& noise, Purpose purpose);

/// The reverse step p(x_s | x_t): posterior mean at the estimate (plus variance times gradient,
/// where there is one) and log variance.
GaussianMoments reverse_moments(const GaussianProcess& process,
                                const GaussianSamplerInput& in,
                                GaussianVariance variance);

}  // namespace tessera::diffusion
