#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/experiments/samplers.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct ProbabilityFlowOptions {
  std::int64_t steps = 250;
};
template <typename Visitor>
void visit_fields(Visitor& v, ProbabilityFlowOptions& o) {
  v("steps", o.steps, "strides of the solver, 50 to 1000");
}

/// Two modes, the right one wider and heavier: 0.3 N(-1, 0.05) + 0.7 N(0.6, 0.15).
struct Mode {
  double weight, mean, variance;
};
constexpr Mode kModes[] = {{0.3, -1.0, 0.05}, {0.7, 0.6, 0.15}};

double density(double x) {
  double sum = 0;
  for (const Mode& m : kModes) {
    sum += m.weight * std::exp(-(x - m.mean) * (x - m.mean) / (2 * m.variance)) /
           std::sqrt(2 * std::numbers::pi * m.variance);
  }
  return sum;
}

/// Distribution function of x_t where the signal is a and the noise variance n.
double cumulative(double x, double a, double n) {
  double sum = 0;
  for (const Mode& m : kModes) {
    const double deviation = std::sqrt(a * a * m.variance + n);
    sum += m.weight * 0.5 * std::erfc(-(x - a * m.mean) / (deviation * std::numbers::sqrt2));
  }
  return sum;
}

Panel map_panel(const std::vector<double>& from, const std::vector<double>& to) {
  Panel panel{.title = "the flow's map from x_T to x_0",
              .x = {.label = "x_T", .from = -3, .to = 3},
              .y = {.label = "x_0"},
              .legend = Legend::kTopLeft};
  panel.layers.emplace_back(Curve{.label = "solver", .x = from, .y = to});
  return panel;
}

double quantile(double share) {
  double low = -4;
  double high = 4;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (cumulative(middle, 1, 0) < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

Findings run(const ProbabilityFlowOptions& options, const Run& /*context*/) {
  Findings findings;
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const GaussianProcess process(schedule);
  const auto denoiser = make_mixture_data_denoiser(
      schedule,
      {.means = at::tensor({kModes[0].mean, kModes[1].mean}, at::kDouble).view({2, 1, 1, 1}),
       .variances = at::tensor({kModes[0].variance, kModes[1].variance}, at::kDouble),
       .weights = at::tensor({kModes[0].weight, kModes[1].weight}, at::kDouble)},
      {});
  const std::vector<double> x_T = spaced(-4.2, 4.2, 841);
  const at::Tensor out =
      run_gaussian_chain({process, *denoiser, *make_gaussian_sampler("dpm-solver++")},
                         tensor_of(x_T).view({-1, 1, 1, 1}),
                         {.threshold = unlimited(), .steps = options.steps},
                         {.rng = nn::Rng::of_run(0, 0, static_cast<std::int64_t>(x_T.size()))});
  const std::vector<double> x_0 = numbers_of(out);
  const double a = schedule.signal(1000);
  const double n = schedule.noise_variance(1000);

  std::vector<double> exact_map, at_middle, pushed, truth;
  double worst = 0;
  double mass = 0;
  double nats = 0;
  for (std::size_t i = 0; i < x_T.size(); ++i) {
    worst = std::max(worst, std::abs(cumulative(x_0[i], 1, 0) - cumulative(x_T[i], a, n)));
    exact_map.push_back(quantile(cumulative(x_T[i], a, n)));
    if (i == 0) continue;
    const double width = x_0[i] - x_0[i - 1];
    const double share = cumulative(x_T[i], a, n) - cumulative(x_T[i - 1], a, n);
    at_middle.push_back((x_0[i] + x_0[i - 1]) / 2);
    pushed.push_back(share / width);
    truth.push_back(density(at_middle.back()));
    mass += share;
    nats -= share * std::log(pushed.back());
  }
  double entropy = 0;
  for (const double x : spaced(-3, 3, 6001)) {
    const double p = density(x);
    if (p > 0) entropy -= p * std::log(p) * 0.001;
  }
  findings.equal("largest |F_0(x_0) - F_T(x_T)| along the flow", worst, 0, 2e-3);
  findings.equal("mean of -ln p by change of variables, nats", nats, entropy, 5e-3);
  findings.at_least("mass that the grid carries", mass, 1, 1e-3);

  // Gaussian data: the map is a multiplication.
  const World normal = normal_world(schedule, 0, 0.25);
  const double slope =
      run_gaussian_chain({normal.process, *normal.denoiser, *make_gaussian_sampler("dpm-solver++")},
                         at::ones({1, 1, 1, 1}, at::kDouble),
                         {.threshold = unlimited(), .steps = options.steps},
                         {.rng = nn::Rng::of_run(0, 0, 1)})
          .item<double>();
  const double wide = schedule.alpha_bar.back() * 0.25 + 1 - schedule.alpha_bar.back();
  findings.equal("data N(0, ¼): -ln p on average, nats",
                 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * wide) + std::log(slope),
                 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * 0.25),
                 2e-3);

  Panel map = map_panel(x_T, x_0);
  map.layers.emplace_back(Curve{.label = "equal quantiles (exact)",
                                .x = x_T,
                                .y = exact_map,
                                .stroke = Stroke::kDashed,
                                .colour = Colour::kVermilion});
  Panel law{.title = "density of x_0 by change of variables",
            .x = {.label = "x_0", .from = -2.2, .to = 2.2},
            .y = {.label = "density", .from = 0},
            .legend = Legend::kTopLeft};
  law.layers.emplace_back(Curve{.label = "flow: p(x_T) dx_T/dx_0", .x = at_middle, .y = pushed});
  law.layers.emplace_back(Curve{.label = "data",
                                .x = at_middle,
                                .y = truth,
                                .stroke = Stroke::kDashed,
                                .colour = Colour::kVermilion});
  findings.figure = {.title = "The probability flow: a diffusion as an invertible map",
                     .panels = {map, law}};
  return findings;
}

}  // namespace

Experiment probability_flow() {
  return make_experiment<ProbabilityFlowOptions>(
      {.name = "probability-flow",
       .topic = "Samplers",
       .title = "The noiseless sampler is a normalising flow, with exact likelihoods.",
       .text =
           "Every diffusion has an ordinary differential equation with the same marginals at "
           "every time (Song et al. 2021). It is invertible, so -ln p(x_0) is exact by change of "
           "variables. In one dimension a flow cannot cross itself: the map from x_T to x_0 must "
           "send each quantile to the same quantile, which gives an exact reference for any data. "
           "The kinks show how a smooth bell is torn into two modes.",
       .shows = {"probability flow",
                 "likelihood by change of variables",
                 "flow: invertible, exact"}},
      run);
}

}  // namespace tessera::lab
