#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/editing.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/affine_chain.h"
#include "lab/dead_leaves.h"
#include "lab/draws.h"
#include "lab/experiments/editing.h"
#include "lab/pictures.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr std::int64_t kSide = 24;

struct DenoisingPosteriorOptions {
  double noise = 1.0;
  std::int64_t pictures = 40;
  std::uint64_t seed = 12;
  void validate() const {
    TESSERA_CHECK(noise >= 0.1 && noise <= 5,
                  kInvalidArgument,
                  "noise must be in 0.1..5 deviations of the picture, got ",
                  noise);
  }
};
template <typename Visitor>
void visit_fields(Visitor& v, DenoisingPosteriorOptions& o) {
  v("noise", o.noise, "deviation of the noise over that of the picture: 1 is a ratio of one");
  v("pictures", o.pictures, "pictures that are noised and restored");
  v("seed", o.seed, "seed of pictures and noise");
}

DeadLeaves leaves(std::uint64_t seed) {
  return {.side = kSide, .smallest = 2, .largest = 16, .seed = seed};
}

/// Covariance of pictures of unit variance, from the closed form for two points.
at::Tensor leaf_covariance(const DeadLeaves& options) {
  std::vector<double> by_square(static_cast<std::size_t>(2 * kSide * kSide), -1);
  at::Tensor out = at::empty({kSide * kSide, kSide * kSide}, at::kDouble);
  double* value = out.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < kSide * kSide; ++i) {
    for (std::int64_t j = 0; j < kSide * kSide; ++j) {
      const std::int64_t dy = i / kSide - j / kSide;
      const std::int64_t dx = i % kSide - j % kSide;
      double& known = by_square[static_cast<std::size_t>(dy * dy + dx * dx)];
      if (known < 0) {
        known = same_leaf_probability(options, std::sqrt(static_cast<double>(dy * dy + dx * dx)));
      }
      value[i * kSide * kSide + j] = known;
    }
  }
  return out;
}

/// The first step whose noise is at least as strong as asked, and the picture scaled to it.
std::int64_t time_of_noise(const GaussianSchedule& schedule, double noise) {
  std::int64_t t = 1;
  while (t < schedule.steps() && schedule.noise(t) < noise * schedule.signal(t)) ++t;
  return t;
}

struct Restored {
  at::Tensor truth{}, noisy{}, mean{}, sample{}, second{};  // [n, 1, side, side]
  double expected = 0;  // mean squared error of the best linear estimate
};

Restored restore(const DenoisingPosteriorOptions& options) {
  const DeadLeaves kind = leaves(options.seed);
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const GaussianProcess process(schedule);
  const at::Tensor covariance = leaf_covariance(kind);
  const auto denoiser = make_gaussian_data_denoiser(
      schedule, {.mean = at::zeros({1}, at::kDouble), .covariance = covariance}, {});
  const std::int64_t t = time_of_noise(schedule, options.noise);
  const double noise = schedule.noise(t) / schedule.signal(t);
  Restored out;
  out.truth = draw_dead_leaves(kind, 0, options.pictures).to(at::kDouble) * std::sqrt(3.0);
  out.noisy =
      out.truth + noise * draw_normal({.seed = options.seed, .number = 1}, out.truth.sizes());
  const at::Tensor x_t = out.noisy * schedule.signal(t);
  const at::Tensor time = at::full({options.pictures}, t, at::kLong);
  out.mean =
      make_estimate(
          process, denoiser->forward(x_t, time, {}), {}, {.x_t = x_t, .t = time}, unlimited())
          .x0;
  const auto sampler = make_gaussian_sampler("ancestral", {.variance = "large"});
  const auto plan = plan_from(sampler->plan({.trained = 1000, .wanted = 1000}), t);
  const auto draw = [&](std::uint64_t seed, std::int64_t count) {
    return run_gaussian_chain({process, *denoiser, *sampler},
                              x_t.slice(0, 0, count),
                              {.threshold = unlimited(), .plan = plan},
                              {.rng = nn::Rng::of_run(seed, 0, count)});
  };
  out.sample = draw(options.seed, options.pictures);
  out.second = draw(options.seed + 1, 5);  // for the figure
  const at::Tensor values = std::get<0>(at::linalg_eigh(covariance)).clamp_min(0);
  out.expected = (values * noise * noise / (values + noise * noise)).mean().item<double>();
  return out;
}

Estimate squared_error(const at::Tensor& a, const at::Tensor& b) {
  return mean_of((a - b).square().mean({1, 2, 3}));
}

Findings run(const DenoisingPosteriorOptions& options, const Run& context) {
  Findings findings;
  // One number of N(0, 1) seen through noise of the same size: N(y/2, 1/2).
  const World world =
      normal_world(make_gaussian_schedule({}), 0, 1, {.variance = GaussianVariance::kDiagonal});
  const GaussianSchedule& schedule = world.process.schedule();
  const std::int64_t t = time_of_noise(schedule, 1);
  const double noise2 =
      schedule.noise_variance(t) / schedule.alpha_bar[static_cast<std::size_t>(t)];
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  const Moments law = measure_law({world.process, *world.denoiser, *sampler},
                                  plan_from(sampler->plan({.trained = 1000, .wanted = 1000}), t),
                                  {1.3 * schedule.signal(t), 0});
  findings.equal("y = 1.3: mean of the posterior samples", law.mean, 1.3 / (1 + noise2), 1e-9);
  findings.equal(
      "their variance", law.variance, noise2 / (1 + noise2) - (1 - schedule.alpha_bar[1]), 1e-9);
  context.check_stop();
  const Restored leaves_found = restore(options);
  findings.near("dead leaves: squared error of x̂_0",
                squared_error(leaves_found.mean, leaves_found.truth),
                leaves_found.expected);
  findings.near("dead leaves: squared error of a posterior sample",
                squared_error(leaves_found.sample, leaves_found.truth),
                2 * leaves_found.expected,
                5);
  std::vector<at::Tensor> rows;
  for (const std::int64_t i : {0, 1, 2, 4}) {
    for (const at::Tensor& what : {leaves_found.truth,
                                   leaves_found.noisy,
                                   leaves_found.mean,
                                   leaves_found.sample,
                                   leaves_found.second}) {
      rows.push_back(what[i]);
    }
  }
  const double limit = std::sqrt(3.0);
  findings.figure = {.title = "Denoising: the mean is blurred, samples of the posterior are not"};
  findings.figure.panels = {
      sheet_panel(at::stack(rows),
                  {.columns = 5, .enlarge = 2, .range = {-limit, limit}},
                  {"x_0", "with noise", "posterior mean", "sample", "another"},
                  {})};
  return findings;
}

}  // namespace

Experiment denoising_posterior() {
  return make_experiment<DenoisingPosteriorOptions>(
      {.name = "denoising-posterior",
       .topic = "Using the chain",
       .title =
           "A noisy picture is an x_t: running the chain from there samples what it may have been.",
       .text =
           "A picture with noise of its own size is √ᾱ_t times it at the t where (1-ᾱ)/ᾱ = 1. The "
           "chain run from there draws from the posterior (Sohl-Dickstein 2015, figure 3). The "
           "network here is the best one for data of the same covariance (dead leaves, whose "
           "covariance has a closed form), so the error of the mean is known, and a sample's is "
           "exactly twice as large: sharper pictures are worse guesses.",
       .shows = {"denoising posterior at a signal-to-noise ratio of one",
                 "mean against sample of the posterior"}},
      run);
}

}  // namespace tessera::lab
