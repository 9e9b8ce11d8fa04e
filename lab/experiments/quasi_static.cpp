#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "lab/altered_denoiser.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct QuasiStaticOptions {
  std::int64_t paths = 2000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(paths >= 500 && paths <= 1000000,
                  kInvalidArgument,
                  "paths must be 500 to 1e6, got ",
                  paths);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, QuasiStaticOptions& o) {
  v("paths", o.paths, "forward paths from one data point");
  v("seed", o.seed, "of the paths");
}

/// ᾱ falls by the same factor each step, to 1e-4 at T: only the fineness changes with T.
diffusion::GaussianSchedule even_schedule(std::int64_t steps) {
  const double beta = 1 - std::pow(1e-4, 1.0 / static_cast<double>(steps));
  return diffusion::schedule_of_betas(std::vector<double>(static_cast<std::size_t>(steps), beta));
}

/// log q - log p of single paths from x_0 = 0.7 with reverse variance β_t at every step, [paths].
at::Tensor log_ratios(std::int64_t steps, double variance, const QuasiStaticOptions& o) {
  const World world = normal_world(even_schedule(steps), 0.0, variance);
  const auto network = make_altered_denoiser(world.denoiser, {.variances = [&] {
                                               auto all = world.process.schedule().beta;
                                               all[0] = 1.0;  // never asked for
                                               return all;
                                             }()});
  diffusion::GaussianBound bound(
      world.process, *network, {.decoder = "continuous", .threshold = unlimited()});
  const at::Tensor x0 = at::full({o.paths, 1, 1, 1}, 0.7, at::kDouble);
  return bound.path_likelihood(
      {x0, {}}, {nn::Rng::of_run(o.seed + static_cast<std::uint64_t>(steps), 0, o.paths)});
}

Findings run(const QuasiStaticOptions& options, const Run& context) {
  QuasiStaticOptions o = options;
  if (context.full()) o.paths *= 20;
  Findings findings;
  Panel panel{
      .title = "One path from x_0 = 0.7",
      .x = {.label = "T", .logarithmic = true, .from = 4.0, .to = 600.0},
      .y = {.label = "variance of log q − log p", .logarithmic = true, .from = 1e-4, .to = 10.0},
      .legend = Legend::kBottomLeft};
  Panel spread{.title = "Its spread for data N(0, 0.25)",
               .x = {.label = "log q − log p, nats", .from = -0.2, .to = 2.0},
               .y = {.label = "density"}};
  for (const double variance : {4.0, 0.5, 0.25}) {
    Curve curve{.label = concat("data N(0, ", variance, ")"), .stroke = Stroke::kMarked};
    for (const std::int64_t steps : {5, 10, 25, 50, 100, 200, 400}) {
      context.report("paths", steps, 400);
      const at::Tensor ratios = log_ratios(steps, variance, o);
      curve.x.push_back(static_cast<double>(steps));
      curve.y.push_back(variance_of(ratios).value);
      if (variance == 0.25 && (steps == 25 || steps == 100 || steps == 400)) {
        Histogram bars = histogram_of(ratios, -0.2, 2, 88);
        bars.label = concat("T = ", steps);
        spread.layers.emplace_back(bars);
      }
    }
    const double slope =
        log_slope({curve.x.end() - 3, curve.x.end()}, {curve.y.end() - 3, curve.y.end()});
    // Each of T steps is off by O(β) in its variance and so is its log ratio: T β² ~ 1/T in all.
    findings.equal(concat("v = ", variance, ": exponent of the variance in T, T = 100 … 400"),
                   slope,
                   -1.0,
                   0.25);
    panel.layers.emplace_back(curve);
  }
  for (const std::int64_t steps : {5, 50}) {
    const at::Tensor ratios = log_ratios(steps, 1.0, o);
    findings.equal(concat("unit Gaussian data, T = ", steps, ": variance of the log ratio"),
                   ratios.var().item<double>(),
                   0.0,
                   1e-20);
    findings.equal(concat("unit Gaussian data, T = ", steps, ": one path gives −log p(0.7)"),
                   ratios[0].item<double>(),
                   0.5 * (0.49 + std::log(2 * std::numbers::pi)),
                   1e-11);
  }
  findings.figure = {.title = "The quasi-static limit: one path is enough", .columns = 2};
  findings.figure.panels = {spread, panel};
  return findings;
}

}  // namespace

Experiment quasi_static() {
  return make_experiment<QuasiStaticOptions>(
      {.name = "quasi-static",
       .topic = "Objective",
       .title = "With infinitely small steps the ratio of a single trajectory is the likelihood.",
       .text =
           "The ratio p(path)/q(path | x_0) fluctuates because the reverse step, N(μ, β), is not "
           "quite "
           "the true one. Cut into T finer steps, each is off by O(β) and the variance of the sum "
           "falls as 1/T: in the limit forward and reverse process are the same and one path "
           "suffices. For data "
           "N(0, 1) with σ² = β the reverse step is exact and every path gives −log p(x_0) to the "
           "last digit.",
       .shows = {"one path is enough in the quasi-static limit",
                 "for unit Gaussian data the variance is zero"}},
      run);
}

}  // namespace tessera::lab
