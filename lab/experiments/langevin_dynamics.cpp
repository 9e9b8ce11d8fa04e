#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/affine_chain.h"
#include "lab/draws.h"
#include "lab/experiments/score.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct LangevinDynamicsOptions {
  std::int64_t walkers = 20000;
  std::int64_t steps = 100;
  std::uint64_t seed = 6;
};
template <typename Visitor>
void visit_fields(Visitor& v, LangevinDynamicsOptions& o) {
  v("walkers", o.walkers, "independent chains");
  v("steps", o.steps, "Langevin steps of each, at one noise level");
  v("seed", o.seed, "seed of their noise");
}

/// Where the variance settles under the sampler's own step at level t, step size e.
double settled_variance(const World& world, std::int64_t t, double size) {
  const double rate = size / world.process.schedule().noise_variance(t);
  const auto sampler = make_gaussian_sampler("langevin", {.langevin_rate = rate});
  const AffineStep step =
      measure_step({world.process, *world.denoiser, *sampler}, {.from = t, .to = t});
  return step.noise * step.noise / (1 - step.slope * step.slope);
}

/// The same by walking.
Estimate walked_variance(const LangevinDynamicsOptions& options,
                         const World& world,
                         std::int64_t t,
                         double size) {
  const double rate = size / world.process.schedule().noise_variance(t);
  const auto sampler = make_gaussian_sampler("langevin", {.langevin_rate = rate});
  std::vector<TimeStep> plan;
  for (std::int64_t i = 0; i < options.steps; ++i) {
    plan.push_back({.from = t, .to = t, .index = i, .count = options.steps});
  }
  constexpr std::int64_t kInRow = 100;  // numbers of a picture: independent walkers too
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, options.walkers / kInRow)};
  const at::Tensor start = draw_prior(noise, {kInRow, 1, 1}).to(at::kDouble);
  return variance_of(run_gaussian_chain({world.process, *world.denoiser, *sampler},
                                        start,
                                        {.threshold = unlimited(), .plan = plan},
                                        noise));
}

Panel variance_panel(const World& world, const LangevinDynamicsOptions& options) {
  Panel panel{.title = "data N(0, 1): variance at rest",
              .x = {.label = "step size e", .from = 0, .to = 1.9},
              .y = {.label = "variance", .from = 0.9},
              .legend = Legend::kTopLeft};
  Curve exact{.label = "V / (1 - e/4V)", .x = spaced(0.01, 1.9, 100)};
  for (const double size : exact.x) exact.y.push_back(1 / (1 - size / 4));
  Curve walked{.label = "walked", .stroke = Stroke::kPoints};
  for (const double size : {0.1, 0.3, 0.6, 1.0, 1.4, 1.8}) {
    walked.x.push_back(size);
    walked.y.push_back(walked_variance(options, world, 1000, size).value);
  }
  panel.layers = {exact, walked};
  return panel;
}

/// Two far modes of unequal weight, 0.25 and 0.75.
std::shared_ptr<GaussianDenoiser> two_modes(const GaussianSchedule& schedule) {
  return make_mixture_data_denoiser(
      schedule,
      {.means = at::tensor({-1.4, 0.7}, at::kDouble).view({2, 1, 1, 1}),
       .variances = at::tensor({0.02, 0.02}, at::kDouble),
       .weights = at::tensor({0.25, 0.75}, at::kDouble)},
      {});
}

Panel modes_panel(const std::string& title, const at::Tensor& x) {
  Panel panel{.title = title,
              .x = {.label = "x_0", .from = -2.4, .to = 1.8},
              .y = {.label = "density", .from = 0, .to = 2.4},
              .legend = Legend::kTopLeft};
  Histogram drawn = histogram_of(x, -2.4, 1.8, 60);
  drawn.label = "walkers";
  Curve data{.label = "data", .x = spaced(-2.4, 1.8, 400), .colour = Colour::kVermilion};
  for (const double at : data.x) {
    const auto bell = [at](double mean) {
      return std::exp(-(at - mean) * (at - mean) / 0.04) / std::sqrt(0.04 * std::numbers::pi);
    };
    data.y.push_back(0.25 * bell(-1.4) + 0.75 * bell(0.7));
  }
  panel.layers = {drawn, data};
  return panel;
}

at::Tensor walk(const LangevinDynamicsOptions& options,
                const std::vector<TimeStep>& plan,
                double rate) {
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const GaussianProcess process(schedule);
  const auto denoiser = two_modes(schedule);
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, 2500)};
  return run_gaussian_chain(
      {process, *denoiser, *make_gaussian_sampler("langevin", {.langevin_rate = rate})},
      draw_prior(noise, {1, 1, 1}).to(at::kDouble),
      {.threshold = unlimited(), .plan = plan},
      noise);
}

double light_share(const at::Tensor& x) {
  return (x < -0.35).to(at::kDouble).mean().item<double>();
}

Findings run(const LangevinDynamicsOptions& options, const Run& context) {
  Findings findings;
  const World unit = normal_world(make_gaussian_schedule({}), 0, 1);
  findings.equal(
      "V=1, e=0.1: variance at rest", settled_variance(unit, 1000, 0.1), 1.02564102564103, 1e-10);
  findings.equal("V=1, e=0.5", settled_variance(unit, 1000, 0.5), 1.14285714285714, 1e-10);
  findings.near("V=1, e=0.5, walked", walked_variance(options, unit, 1000, 0.5), 1.14285714285714);
  const World narrow = normal_world(make_gaussian_schedule({}), 0, 0.25);
  const double wide = 0.606935969631219;  // Var(x_250)
  findings.equal("V=0.607 (t=250), e=0.2",
                 settled_variance(narrow, 250, 0.2),
                 wide / (1 - 0.2 / (4 * wide)),
                 1e-9);
  // One reverse step's mean is a Langevin drift with size beta: (x + beta score) / sqrt(alpha).
  const at::Tensor x0 = at::full({1, 1, 1, 1}, 0.3, at::kDouble);
  const at::Tensor x_t = at::full({1, 1, 1, 1}, -0.7, at::kDouble);
  const at::Tensor t = at::full({1}, 500, at::kLong);
  findings.equal("x_0=0.3, x_500=-0.7: posterior mean",
                 unit.process.posterior(x0, x_t, t, t - 1).mean.item<double>(),
                 (-0.7 + 0.01004004004004 * 0.85097611554516) / std::sqrt(1 - 0.01004004004004),
                 1e-10);

  const auto annealed_plan = make_gaussian_sampler("langevin", {.langevin_steps = 5})
                                 ->plan({.trained = 1000, .wanted = 200});
  const at::Tensor annealed = walk(options, annealed_plan, 0.3);
  context.check_stop();
  std::vector<TimeStep> cold;
  for (std::int64_t i = 0; i < 300; ++i)
    cold.push_back({.from = 20, .to = 20, .index = i, .count = 300});
  const at::Tensor stuck = walk(options, cold, 0.3);
  findings.equal(
      "annealed from t=1000: share of the light mode", light_share(annealed), 0.25, 0.04);
  findings.at_least(
      "one cold level only: its share is wrong by", std::abs(light_share(stuck) - 0.25), 0.05);
  findings.figure = {.title = "Langevin dynamics: walking up the score with noise", .columns = 3};
  findings.figure.panels = {variance_panel(unit, options),
                            modes_panel("one cold level: modes keep who came", stuck),
                            modes_panel("annealed: weights are right", annealed)};
  return findings;
}

}  // namespace

Experiment langevin_dynamics() {
  return make_experiment<LangevinDynamicsOptions>(
      {.name = "langevin-dynamics",
       .topic = "Score and Langevin",
       .title = "Langevin steps sample from a score; cooling makes them find every mode.",
       .text =
           "x ← x + (e/2) ∇ log q + √e z has q as its law at rest, except that a step of finite "
           "size inflates the variance to V/(1 - e/4V). At a single low noise level walkers "
           "cannot cross between modes; walking at every level from much noise to little "
           "(Song and Ermon 2019) gives each mode its weight. A DDPM step is of the same form: "
           "its mean is (x + β ∇ log q)/√(1-β).",
       .shows = {"Langevin dynamics, annealed",
                 "stationary variance against the step size",
                 "a DDPM step is a Langevin step"}},
      run);
}

}  // namespace tessera::lab
