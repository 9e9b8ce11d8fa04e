#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "lab/draws.h"
#include "lab/experiments/groundwork.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct GaussianSumsOptions {
  double a = 0.6;
  double b = 0.8;
  double sigma_x = 1.0;
  double sigma_y = 2.0;
  std::int64_t draws = 200000;
  std::string schedule = "linear";
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(draws >= 1000 && draws <= 50000000,
                  kInvalidArgument,
                  "draws must be 1000 to 5e7, got ",
                  draws);
    TESSERA_CHECK(sigma_x > 0 && sigma_y > 0, kInvalidArgument, "the deviations must be above 0");
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianSumsOptions& o) {
  v("a", o.a, "factor of X");
  v("b", o.b, "factor of Y");
  v("sigma_x", o.sigma_x, "deviation of X");
  v("sigma_y", o.sigma_y, "deviation of Y");
  v("draws", o.draws, "random pairs");
  v("schedule", o.schedule, "whose noises are merged");
  v("seed", o.seed, "of the draws");
}

Panel sum_panel(Findings& findings, const GaussianSumsOptions& o) {
  const at::Tensor x = 1.0 + o.sigma_x * draw_normal({o.seed, 0}, {o.draws});
  const at::Tensor y = -2.0 + o.sigma_y * draw_normal({o.seed, 1}, {o.draws});
  const at::Tensor sum = o.a * x + o.b * y;
  const double mean = o.a * 1.0 + o.b * -2.0;
  const double variance = o.a * o.a * o.sigma_x * o.sigma_x + o.b * o.b * o.sigma_y * o.sigma_y;
  findings.near("mean of aX + bY", mean_of(sum), mean);
  findings.near("variance of aX + bY", variance_of(sum), variance);
  const at::Tensor z = (sum - mean) / std::sqrt(variance);
  findings.near("fourth moment of the standardised sum (3 = Gaussian)", mean_of(z.pow(4)), 3.0);
  const double reach = 4.2 * std::sqrt(variance);
  Panel panel{.title = "aX + bY is Gaussian; the variances add",
              .x = {.label = "value", .from = mean - reach, .to = mean + reach},
              .y = {.label = "density", .from = 0.0, .to = 0.9},
              .legend = Legend::kTopLeft};
  const auto grid = spaced(mean - reach, mean + reach, 400);
  const auto normal = [](double m, double s) {
    return [m, s](double at) {
      return std::exp(-0.5 * (at - m) * (at - m) / (s * s)) / (s * std::sqrt(2 * std::numbers::pi));
    };
  };
  Histogram bars = histogram_of(sum, mean - reach, mean + reach, 90);
  bars.label = "draws of aX + bY";
  bars.colour = Colour::kSky;
  panel.layers.emplace_back(bars);
  panel.layers.emplace_back(Curve{.label = "N(am_x + bm_y, a^2σ_x^2 + b^2σ_y^2)",
                                  .x = grid,
                                  .y = values_of(normal(mean, std::sqrt(variance)), grid)});
  panel.layers.emplace_back(Curve{.label = "of aX alone",
                                  .x = grid,
                                  .y = values_of(normal(o.a, o.a * o.sigma_x), grid),
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kGreen});
  return panel;
}

/// The noise of two steps is one noise: α_t (1 - ᾱ_{t-1}) + β_t = 1 - ᾱ_t.
Panel merge_panel(Findings& findings, const GaussianSumsOptions& o) {
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({.kind = o.schedule}));
  const std::int64_t steps = process.steps();
  const at::Tensor t = at::arange(1, steps + 1, at::kLong);
  const at::Tensor zero = at::zeros({steps, 1}, at::kDouble);
  const at::Tensor one = at::ones({steps, 1}, at::kDouble);
  // The factor by which each noise arrives at t, read off by sending a 1 through the library.
  const at::Tensor early =
      process.q_continue(process.q_sample(zero, t - 1, one), t - 1, t, zero).square().squeeze(1);
  const at::Tensor late = process.q_continue(zero, t - 1, t, one).square().squeeze(1);
  const at::Tensor jump = process.q_sample(zero, t, one).square().squeeze(1);
  findings.equal("largest |α(1−ᾱ_{t−1}) + β − (1−ᾱ_t)| over t",
                 (early + late - jump).abs().max().item<double>(),
                 0.0,
                 1e-15);
  double product = 1.0;
  for (const double beta : process.schedule().beta) product *= 1.0 - beta;
  findings.equal(
      "variance of the merged noise at T", jump[-1].item<double>(), 1.0 - product, 1e-13);
  Panel panel{.title = "Merging two noises of one chain (" + o.schedule + ")",
              .x = {.label = "t", .from = 0.0, .to = static_cast<double>(steps)},
              .y = {.label = "variance", .from = 0.0, .to = 1.05},
              .legend = Legend::kBottomRight};
  const auto x = counted(steps);
  panel.layers.emplace_back(Band{.label = "earlier noise: α_t(1−ᾱ_{t−1})",
                                 .x = x,
                                 .low = std::vector<double>(x.size(), 0.0),
                                 .high = numbers_of(early)});
  panel.layers.emplace_back(Curve{.label = "merged: 1−ᾱ_t", .x = x, .y = numbers_of(jump)});
  panel.layers.emplace_back(Curve{.label = "new noise β_t (×20)",
                                  .x = x,
                                  .y = numbers_of(20.0 * late),
                                  .stroke = Stroke::kDashed});
  return panel;
}

Findings run(const GaussianSumsOptions& options, const Run& context) {
  GaussianSumsOptions sized = options;
  if (context.full()) sized.draws *= 10;
  Findings findings;
  findings.figure = {.title = "Sums of independent Gaussians", .columns = 2};
  findings.figure.panels.push_back(sum_panel(findings, sized));
  findings.figure.panels.push_back(merge_panel(findings, sized));
  return findings;
}

}  // namespace

Experiment gaussian_sums() {
  return make_experiment<GaussianSumsOptions>(
      {.name = "gaussian-sums",
       .topic = "Groundwork",
       .title =
           "Independent Gaussians add to a Gaussian, which merges all noises of a chain into one.",
       .text =
           "Left: aX + bY has mean a·m_x + b·m_y and variance a²σ_x² + b²σ_y². Right: the same "
           "rule "
           "twice a step. What x_{t−1} carries of noise is shrunk by α_t and β_t is added: "
           "α_t(1−ᾱ_{t−1}) + β_t = 1−ᾱ_t, to the last digit, which is why x_t can be drawn from "
           "x_0 in one jump.",
       .shows = {"mean and variance of a sum", "α_t(1−ᾱ_{t−1}) + 1−α_t = 1−ᾱ_t for every t"}},
      run);
}

}  // namespace tessera::lab
