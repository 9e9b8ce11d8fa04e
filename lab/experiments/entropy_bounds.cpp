#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/theory.h"
#include "lab/experiments/reverse.h"
#include "lab/reference_chain.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct EntropyBoundsOptions {
  std::string schedule = "linear";
};

template <typename Visitor>
void visit_fields(Visitor& v, EntropyBoundsOptions& o) {
  v("schedule", o.schedule, "of the chain, T = 1000");
}

double normal_entropy(double variance) {
  return 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * variance);
}

Findings run(const EntropyBoundsOptions& o, const Run& /*context*/) {
  const auto schedule = diffusion::make_gaussian_schedule({.kind = o.schedule});
  const ReferenceChain chain(schedule.beta);
  Findings findings;
  Panel panel{.title = "Where the true entropy lies between its bounds",
              .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
              .y = {.label = "(true − lower)/(upper − lower)", .from = -0.1, .to = 2.5},
              .legend = Legend::kTopLeft};
  Panel gap{.title = "Upper bound minus lower bound",
            .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
            .y = {.label = "nats", .logarithmic = true, .from = 1e-7, .to = 1.0}};
  for (const double v : {0.01, 0.25, 1.0, 4.0}) {
    Curve place{.label = concat("v = ", v)};
    Curve width{.label = "upper − lower"};
    Curve inside{.label = concat("true − lower, v = ", v), .stroke = Stroke::kDashed};
    double worst = 0.0;
    double over = -1e300;
    for (std::int64_t t = 2; t <= 1000; ++t) {
      const auto bounds = diffusion::entropy_bounds(schedule, t, v);
      // Lower: H(x_t | x_{t-1}) + H(x_{t-1} | x_0) - H(x_t | x_0).
      const double lower = normal_entropy(chain.beta(t)) + normal_entropy(chain.lost(t - 1)) -
                           normal_entropy(chain.lost(t));
      worst = std::max({worst,
                        std::abs(bounds.lower - lower),
                        std::abs(bounds.upper - normal_entropy(chain.beta(t))),
                        std::abs(bounds.exact - normal_entropy(chain.step_variance(t, v)))});
      over = std::max(over, bounds.exact - bounds.upper);
      place.x.push_back(static_cast<double>(t));
      width.x.push_back(static_cast<double>(t));
      inside.x.push_back(static_cast<double>(t));
      place.y.push_back((bounds.exact - bounds.lower) / (bounds.upper - bounds.lower));
      width.y.push_back(bounds.upper - bounds.lower);
      inside.y.push_back(bounds.exact - bounds.lower);
    }
    findings.equal(
        concat("v = ", v, ": largest error of the three entropies, t = 2…T"), worst, 0.0, 1e-9);
    if (v < 1)
      findings.at_most(concat("v = ", v, ": true minus upper bound, largest"), over, 0.0, 1e-12);
    if (v == 1) findings.equal("v = 1: the upper bound is the true entropy", over, 0.0, 1e-12);
    if (v > 1)
      findings.at_least(
          "wrong: \"reverse entropy ≤ forward entropy\": excess at v = 4", over, 9e-4);
    panel.layers.emplace_back(place);
    if (v == 0.01) gap.layers.emplace_back(width);
    gap.layers.emplace_back(inside);
  }
  if (o.schedule == "linear") {
    const auto at100 = diffusion::entropy_bounds(schedule, 100, 4.0);
    findings.equal("v = 4, t = 100: lower, fifty digits", at100.lower, -1.67979040582, 1e-10);
    findings.equal("v = 4, t = 100: true", at100.exact, -1.66990820877, 1e-10);
    findings.equal("v = 4, t = 100: upper", at100.upper, -1.67066455248, 1e-10);
  }
  panel.layers.emplace_back(Curve{.label = "upper bound",
                                  .x = {2, 1000},
                                  .y = {1, 1},
                                  .stroke = Stroke::kDotted,
                                  .colour = Colour::kBlack});
  findings.figure = {.title = "Entropy of one reverse step, Gaussian data of variance v",
                     .columns = 2};
  findings.figure.panels = {panel, gap};
  return findings;
}

}  // namespace

Experiment entropy_bounds() {
  return make_experiment<EntropyBoundsOptions>(
      {.name = "entropy-bounds",
       .topic = "Reverse process",
       .title = "The entropy of a reverse step lies between ½ln 2πe β̃ and ½ln 2πe β, if the data "
                "have variance 1 at most.",
       .text =
           "Sohl-Dickstein et al. 2015 bound H(x_{t−1} | x_t): below by H(x_t|x_{t−1}) + "
           "H(x_{t−1}|x_0) − "
           "H(x_t|x_0), which is the entropy of N(·, β̃), above by that of the forward step. For "
           "one "
           "point (v → 0) the lower bound is the truth, for v = 1 the upper. The upper one assumes "
           "that the marginal entropies do not fall; at v = 4 they do and the bound is broken. "
           "Hence "
           "the two fixed variances of DDPM: they are the ends of this range.",
       .shows = {"lower bound, true value and upper bound at every t",
                 "the upper bound needs data of variance 1 at most"}},
      run);
}

}  // namespace tessera::lab
