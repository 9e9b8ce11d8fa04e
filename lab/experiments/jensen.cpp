#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "lab/draws.h"
#include "lab/experiments/groundwork.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct JensenOptions {
  double sigma = 1.5;
  std::int64_t draws = 20000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        sigma > 0 && sigma <= 3, kInvalidArgument, "sigma must be above 0, at most 3, got ", sigma);
    TESSERA_CHECK(draws >= 1000 && draws <= 1000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e6, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, JensenOptions& o) {
  v("sigma", o.sigma, "deviation of ln w, the spread of the weights");
  v("draws", o.draws, "independent bounds for each K");
  v("seed", o.seed, "of the draws");
}

double normal(double z) {
  return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
}

/// E ln((w_1 + w_2)/2), ln w ~ N(-σ²/2, σ²), by quadrature over the difference and the sum of the
/// two normal numbers: ln((e^a + e^b)/2) = (a + b)/2 + ln cosh((a - b)/2).
double exact_of_two(double sigma) {
  const auto gain = [sigma](double z) {
    return std::log(std::cosh(sigma * z / std::numbers::sqrt2));
  };
  return -0.5 * sigma * sigma + integral([&](double z) { return normal(z) * gain(z); }, -12, 12);
}

Panel concave_panel() {
  // Two values of w with equal probability: the chord lies below the curve.
  const double low = 0.4;
  const double high = 3.6;
  Panel panel{.title = "ln E w ≥ E ln w, since ln is concave",
              .x = {.label = "w", .from = 0.0, .to = 4.0},
              .y = {.label = "ln w", .from = -1.6, .to = 1.6},
              .legend = Legend::kBottomRight};
  const auto grid = spaced(0.15, 4, 300);
  panel.layers.emplace_back(Curve{
      .label = "ln w", .x = grid, .y = values_of([](double w) { return std::log(w); }, grid)});
  panel.layers.emplace_back(Curve{.label = "chord between two outcomes",
                                  .x = {low, high},
                                  .y = {std::log(low), std::log(high)},
                                  .stroke = Stroke::kMarked});
  const double mean = 0.5 * (low + high);
  panel.layers.emplace_back(Curve{.label = "Jensen's gap",
                                  .x = {mean, mean},
                                  .y = {0.5 * (std::log(low) + std::log(high)), std::log(mean)},
                                  .colour = Colour::kGreen});
  return panel;
}

Panel bounds_panel(Findings& findings, const JensenOptions& o) {
  // Weights of mean 1, so that the truth is ln 1 = 0.
  Curve means{.label = "E ln (mean of K weights)", .stroke = Stroke::kMarked};
  double before = -1e300;
  for (std::int64_t k = 1; k <= 1024; k *= 4) {
    const at::Tensor z =
        draw_normal({o.seed, static_cast<std::uint32_t>(k)},
                    {std::max<std::int64_t>(o.draws / std::max<std::int64_t>(k / 16, 1), 500), k});
    const at::Tensor bound =
        at::logsumexp(o.sigma * z - 0.5 * o.sigma * o.sigma, 1) - std::log(static_cast<double>(k));
    const Estimate estimate = mean_of(bound);
    if (k == 1) findings.near("K = 1: E ln w", estimate, -0.5 * o.sigma * o.sigma);
    findings.at_most(concat("K = ", k, ": the bound stays below ln E w"),
                     estimate.value,
                     0.0,
                     4.5 * estimate.standard_error);
    findings.at_least(concat("K = ", k, ": and not below that of fewer"),
                      estimate.value,
                      before == -1e300 ? estimate.value : before,
                      4.5 * estimate.standard_error);
    before = estimate.value;
    means.x.push_back(static_cast<double>(k));
    means.y.push_back(estimate.value);
  }
  const at::Tensor two = draw_normal({o.seed, 5000}, {o.draws, 2});
  findings.near("K = 2, against quadrature",
                mean_of(at::logsumexp(o.sigma * two - 0.5 * o.sigma * o.sigma, 1) - std::log(2.0)),
                exact_of_two(o.sigma));
  // log E and E log the other way round would need the K = 1 value above zero.
  findings.at_most("wrong: \"ln E w ≤ E ln w\" needs this to be 0 or more", means.y.front(), 0.0);
  const double spread = std::exp(o.sigma * o.sigma) - 1;
  Curve asymptote{.label = "−Var(w)/2K", .stroke = Stroke::kDashed};
  for (const double k : geometric(8, 1024, 40)) {
    asymptote.x.push_back(k);
    asymptote.y.push_back(-0.5 * spread / k);
  }
  Panel panel{
      .title = concat("K trajectories tighten the bound (σ = ", o.sigma, ")"),
      .x = {.label = "K", .logarithmic = true, .from = 1.0, .to = 1100.0},
      .y = {.label = "nats", .from = -0.55 * o.sigma * o.sigma, .to = 0.1 * o.sigma * o.sigma},
      .legend = Legend::kBottomRight};
  panel.layers = {Curve{.label = "ln E w = 0",
                        .x = {1, 1100},
                        .y = {0, 0},
                        .stroke = Stroke::kDotted,
                        .colour = Colour::kBlack},
                  means,
                  asymptote};
  return panel;
}

Findings run(const JensenOptions& options, const Run& context) {
  JensenOptions sized = options;
  if (context.full()) sized.draws *= 10;
  Findings findings;
  findings.figure = {.title = "Jensen's inequality and its gap", .columns = 2};
  findings.figure.panels = {concave_panel(), bounds_panel(findings, sized)};
  return findings;
}

}  // namespace

Experiment jensen() {
  return make_experiment<JensenOptions>(
      {.name = "jensen",
       .topic = "Groundwork",
       .title = "The mean of a logarithm is below the logarithm of the mean; more samples close "
                "the gap.",
       .text =
           "A bound on a likelihood is E ln w where ln E w is wanted, w being the ratio of model "
           "and forward trajectory. With ln w normal of deviation σ the gap is σ²/2 exactly. "
           "Averaging K weights before the logarithm raises the bound towards the truth and "
           "never above it; for large K what is missing is Var(w)/2K. The sign matters: "
           "log∫ ≥ ∫log, so −log p lies below the negative bound.",
       .shows = {"Jensen's inequality with its exact gap",
                 "the bound of K trajectories rises with K",
                 "the inequality written the other way round is wrong"}},
      run);
}

}  // namespace tessera::lab
