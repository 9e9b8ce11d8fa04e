#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "diffusion/gaussian/theory.h"
#include "lab/draws.h"
#include "lab/experiments/forward.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct SignalEnergyOptions {
  std::int64_t draws = 20000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, SignalEnergyOptions& o) {
  v("draws", o.draws, "trajectories");
  v("seed", o.seed, "of the draws");
}

/// β_t with the factor √(1-β) left out is a random walk: variances add, v + Σβ.
at::Tensor walk(const std::vector<double>& beta,
                double variance,
                const SignalEnergyOptions& o,
                const Run& run) {
  at::Tensor x = std::sqrt(variance) * draw_normal({o.seed, 7}, {o.draws});
  for (std::size_t t = 1; t < beta.size(); ++t) {
    if (t % 100 == 0) run.report("walk", static_cast<std::int64_t>(t), 1000);
    x = x +
        std::sqrt(beta[t]) * draw_normal({o.seed + 1, static_cast<std::uint32_t>(t)}, {o.draws});
  }
  return x;
}

Findings run(const SignalEnergyOptions& options, const Run& context) {
  SignalEnergyOptions o = options;
  if (context.full()) o.draws *= 10;
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({}));
  const auto& schedule = process.schedule();
  const ReferenceChain chain(schedule.beta);
  Findings findings;
  Panel kept{.title = "With the factor √(1−β_t)",
             .x = {.label = "t", .from = 0.0, .to = 1000.0},
             .y = {.label = "Var(x_t)", .from = 0.0, .to = 4.2}};
  Panel lost{.title = "Without it: v + Σβ",
             .x = {.label = "t", .from = 0.0, .to = 1000.0},
             .y = {.label = "Var(x_t)", .from = 0.0, .to = 15.0},
             .legend = Legend::kTopLeft};
  std::uint32_t number = 20;
  for (const double v : {4.0, 1.0, 0.25}) {
    Curve exact{.label = concat("v = ", v)};
    Curve sums{.label = concat("v = ", v)};
    double sum = v;
    for (std::int64_t t = 0; t <= 1000; ++t) {
      sum += t == 0 ? 0.0 : chain.beta(t);
      exact.x.push_back(static_cast<double>(t));
      exact.y.push_back(diffusion::noised_variance(schedule, t, v));
      sums.x.push_back(static_cast<double>(t));
      sums.y.push_back(sum);
    }
    Curve drawn{.stroke = Stroke::kPoints, .colour = Colour::kGrey};
    for (const std::int64_t t : {1, 100, 250, 500, 750, 1000}) {
      const at::Tensor x0 = std::sqrt(v) * draw_normal({o.seed, number++}, {o.draws});
      const Estimate variance = variance_of(
          process.q_sample(x0, times_of(t, o.draws), draw_normal({o.seed, number++}, {o.draws})));
      findings.near(concat("Var(x_", t, "), data variance ", v), variance, chain.variance(t, v));
      findings.equal(concat("ᾱv + 1−ᾱ, t = ", t, ", v = ", v),
                     exact.y[static_cast<std::size_t>(t)],
                     chain.variance(t, v),
                     1e-12);
      drawn.x.push_back(static_cast<double>(t));
      drawn.y.push_back(variance.value);
    }
    kept.layers.emplace_back(exact);
    kept.layers.emplace_back(drawn);
    lost.layers.emplace_back(sums);
  }
  // Σβ of the linear schedule is T (β_1 + β_T)/2.
  const double spread = 1000 * (1e-4 + 0.02) / 2;
  const Estimate walked = variance_of(walk(schedule.beta, 1.0, o, context));
  findings.near("without √(1−β): Var(x_1000), v = 1", walked, 1.0 + spread);
  lost.layers.emplace_back(Curve{.label = "drawn",
                                 .x = {1000},
                                 .y = {walked.value},
                                 .stroke = Stroke::kPoints,
                                 .colour = Colour::kGrey});
  findings.at_least("wrong: \"the energy is constant\": |Var(x_500) − v| at v = 4",
                    std::abs(diffusion::noised_variance(schedule, 500, 4.0) - 4.0),
                    2.0);
  findings.figure = {.title = "Signal energy along the chain", .columns = 2};
  findings.figure.panels = {kept, lost};
  return findings;
}

}  // namespace

Experiment signal_energy() {
  return make_experiment<SignalEnergyOptions>(
      {.name = "signal-energy",
       .topic = "Forward process",
       .title =
           "The factor √(1−β) keeps the variance at 1 for data of variance 1, and only for those.",
       .text = "Var(x_t) = ᾱ_t v + 1 − ᾱ_t. Data of variance 1 keep it, all others drift to 1 "
               "(grey points: "
               "draws). The mean's factor follows from the variance: without it noise is only "
               "added and "
               "the variance grows to v + Σβ, 11.05 instead of 1.",
       .shows = {"the energy for data variances 0.25, 1 and 4",
                 "the mean's factor follows from the variance",
                 "energy is conserved for unit-variance data alone"}},
      run);
}

}  // namespace tessera::lab
