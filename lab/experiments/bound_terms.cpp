#include <cmath>
#include <numbers>
#include <numeric>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "diffusion/gaussian/theory.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct BoundTermsOptions {
  double variance = 0.25;
  std::string schedule = "linear";
  std::int64_t draws = 100000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, BoundTermsOptions& o) {
  v("variance", o.variance, "of the Gaussian data");
  v("schedule", o.schedule, "of the chain, T = 1000");
  v("draws", o.draws, "data points at each time that is measured");
  v("seed", o.seed, "of the draws");
}

/// The terms as the library finds them on draws, with the best network and reverse variance β.
Curve measured(Findings& findings,
               const BoundTermsOptions& o,
               const ReferenceChain& chain,
               const Run& run) {
  const World world =
      normal_world(diffusion::make_gaussian_schedule({.kind = o.schedule}), 0.0, o.variance);
  diffusion::GaussianBound bound(
      world.process, *world.denoiser, {.decoder = "continuous", .threshold = unlimited()});
  Curve points{.label = "measured", .stroke = Stroke::kPoints, .colour = Colour::kGrey};
  std::uint32_t stream = 0;
  for (const std::int64_t t : {1, 2, 3, 10, 50, 100, 250, 500, 750, 1000}) {
    run.report("terms", t, 1000);
    const at::Tensor x0 =
        as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, stream++}, {o.draws}));
    const at::Tensor noise = as_pictures(draw_normal({o.seed, stream++}, {o.draws}));
    const auto stride =
        bound.stride({x0, {}}, {.from = t, .to = t - 1, .index = 1000 - t, .count = 1000}, noise);
    const Estimate term = mean_of(stride.term);
    const double sigma2 = t == 1 ? chain.posterior_variance(2) : chain.beta(t);
    findings.near(
        t == 1 ? std::string("L_0") : concat("L_", t - 1), term, chain.term(t, o.variance, sigma2));
    findings.near(concat("squared error of x̂_0 at t = ", t),
                  mean_of(stride.squared_error),
                  chain.data_variance_given(t, o.variance));
    if (t > 1) {
      points.x.push_back(static_cast<double>(t));
      points.y.push_back(term.value);
    }
  }
  const at::Tensor x0 =
      as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, stream}, {o.draws}));
  findings.near("L_T", mean_of(bound.prior(x0)), chain.prior_term(o.variance));
  return points;
}

/// Shares of 1..t in a sum over 1..T.
Curve cumulative(const std::string& label, std::vector<double> values) {
  std::partial_sum(values.begin(), values.end(), values.begin());
  const double all = values.back();
  for (double& value : values) value /= all;
  return {.label = label,
          .x = counted(static_cast<std::int64_t>(values.size())),
          .y = std::move(values)};
}

Findings run(const BoundTermsOptions& options, const Run& context) {
  BoundTermsOptions o = options;
  if (context.full()) o.draws *= 10;
  const auto schedule = diffusion::make_gaussian_schedule({.kind = o.schedule});
  const ReferenceChain chain(schedule.beta);
  Findings findings;
  Curve exact{.label = "L_{t−1}, exact"};
  std::vector<double> nats, simple, gradient;
  for (std::int64_t t = 1; t <= 1000; ++t) {
    const double sigma2 = t == 1 ? chain.posterior_variance(2) : chain.beta(t);
    const double error =
        chain.kept(t) * o.variance / chain.variance(t, o.variance);  // of the noise
    // Bits above the density of a pixel's width, as a decoder of 8-bit pixels counts them.
    nats.push_back(t == 1 ? chain.term(t, o.variance, sigma2) + std::log(127.5)
                          : chain.term(t, o.variance, sigma2));
    simple.push_back(error);
    const double c0 = t == 1 ? 1.0 : chain.of_data(t);
    gradient.push_back(c0 * c0 * chain.lost(t) / (chain.kept(t) * sigma2) * std::sqrt(error));
    if (t == 1) continue;
    exact.x.push_back(static_cast<double>(t));
    exact.y.push_back(nats.back());
  }
  const Curve points = measured(findings, o, chain, context);
  const double all = std::accumulate(nats.begin(), nats.end(), 0.0);
  const auto bound = diffusion::exact_bound(
      schedule, {0.0, o.variance}, diffusion::reverse_variances(schedule, "large", o.variance));
  findings.equal("library's L_0 + ΣL + L_T, nats",
                 bound.total(),
                 all - std::log(127.5) + chain.prior_term(o.variance),
                 1e-9);
  const double share_of_simple = simple[0] / std::accumulate(simple.begin(), simple.end(), 0.0);
  findings.at_most("share of L_0's step in L_simple", share_of_simple, 0.006);
  findings.at_least("share of L_0 in bits, at a pixel's width of 1/127.5", nats[0] / all, 0.2);
  findings.at_most("wrong: \"over 99 % is in the denoising terms\": their share of the bits",
                   (all - nats[0]) / all,
                   0.8);
  findings.notes.push_back(concat("Bits a dimension at a pixel's width: L_0 ",
                                  nats[0] / std::numbers::ln2,
                                  ", ΣL ",
                                  (all - nats[0]) / std::numbers::ln2,
                                  ", L_T ",
                                  chain.prior_term(o.variance) / std::numbers::ln2,
                                  "."));
  findings.tables.push_back(Table::of_columns(
      "terms", "exact terms a step", {"t", "nats", "noise error"}, {counted(1000), nats, simple}));
  Panel terms{.title = concat("Terms of the bound, N(0, ", o.variance, "), σ^2 = β"),
              .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
              .y = {.label = "nats", .logarithmic = true, .from = 1e-8, .to = 3.0},
              .layers = {exact, points}};
  Panel shares{.title = "Share of the steps 1…t",
               .x = {.label = "t", .logarithmic = true, .from = 1.0, .to = 1000.0},
               .y = {.label = "share", .from = 0.0, .to = 1.0},
               .layers = {cumulative("bits (8-bit pixels)", nats),
                          cumulative("gradient of the bound", gradient),
                          cumulative("L_{simple}", simple)},
               .legend = Legend::kTopLeft};
  findings.figure = {.title = "Where the bound is", .columns = 2};
  findings.figure.panels = {terms, shares};
  return findings;
}

}  // namespace

Experiment bound_terms() {
  return make_experiment<BoundTermsOptions>(
      {.name = "bound-terms",
       .topic = "Objective",
       .title = "Most of the bits are in the first few steps, most of L_simple in the middle.",
       .text =
           "Left: each L_{t−1} with the best network, exact and measured on draws; five decades "
           "between "
           "the first and the last. Right: how much of the sum the steps 1…t hold, in bits, in the "
           "gradient of the bound and in L_simple. By count L_0 is one of a thousand terms and "
           "nearly nothing of "
           "L_simple; in bits, at the width of an 8-bit pixel, it is a good part of the whole.",
       .shows = {"values a step and the three named terms",
                 "share of each term in bits, in L_simple and in the gradient",
                 "L_T is constant and nearly 0",
                 "T Gaussian tasks, each with its own loss"}},
      run);
}

}  // namespace tessera::lab
