#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "lab/experiments/groundwork.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct BayesInversionOptions {
  std::string schedule = "linear";
  std::int64_t t = 500;
  std::int64_t s = 250;
  double x0 = 0.3;
  double xt = -0.7;
  void validate() const {
    TESSERA_CHECK(t >= 2 && t <= 1000, kInvalidArgument, "t must be 2 to 1000, got ", t);
    TESSERA_CHECK(s >= 1 && s < t, kInvalidArgument, "s must be 1 to t - 1, got ", s);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, BayesInversionOptions& o) {
  v("schedule", o.schedule, "of the chain, T = 1000");
  v("t", o.t, "time of x_t");
  v("s", o.s, "earlier time, at which the posterior is taken");
  v("x0", o.x0, "data value");
  v("xt", o.xt, "noised value");
}

/// ᾱ_t and the variance between s and t, multiplied up from the betas alone.
struct Stretch {
  double signal_s = 1.0;   // ᾱ_s
  double signal_st = 1.0;  // ᾱ_t / ᾱ_s
};
Stretch stretch(const diffusion::GaussianSchedule& schedule, std::int64_t s, std::int64_t t) {
  Stretch out;
  for (std::int64_t i = 1; i <= t; ++i)
    (i <= s ? out.signal_s : out.signal_st) *= 1.0 - schedule.beta[static_cast<std::size_t>(i)];
  return out;
}

double log_normal(double x, double mean, double variance) {
  return -0.5 * ((x - mean) * (x - mean) / variance + std::log(2 * std::numbers::pi * variance));
}

/// ln q(x_t | x_s) + ln q(x_s | x_0) as a function of x_s.
double log_product(double x, const Stretch& a, const BayesInversionOptions& o) {
  return log_normal(o.xt, std::sqrt(a.signal_st) * x, 1 - a.signal_st) +
         log_normal(x, std::sqrt(a.signal_s) * o.x0, 1 - a.signal_s);
}

struct Posterior {
  double mean, variance;
};
Posterior of_library(const diffusion::GaussianProcess& process,
                     const BayesInversionOptions& o,
                     std::int64_t s) {
  const auto value = [](double x) { return at::full({1, 1}, x, at::kDouble); };
  const auto moments = process.posterior(value(o.x0), value(o.xt), times_of(o.t), times_of(s));
  return {moments.mean.item<double>(), std::exp(moments.log_variance.item<double>())};
}

void compare(Findings& findings,
             const diffusion::GaussianProcess& process,
             const BayesInversionOptions& o,
             std::int64_t s) {
  const Stretch a = stretch(process.schedule(), s, o.t);
  const Posterior library = of_library(process, o, s);
  const double reach = 12 * std::sqrt(library.variance);
  const auto moment = [&](const std::function<double(double)>& f) {
    return integral([&](double x) { return f(x) * std::exp(log_product(x, a, o)); },
                    library.mean - reach,
                    library.mean + reach);
  };
  const double mass = moment([](double) { return 1.0; });
  const double mean = moment([](double x) { return x; }) / mass;
  const std::string name = concat("q(x_", s, " | x_", o.t, ", x_0)");
  findings.equal("mean of " + name + ": library against the grid", library.mean, mean, 1e-11);
  findings.equal("variance of " + name,
                 library.variance,
                 moment([&](double x) { return (x - mean) * (x - mean); }) / mass,
                 1e-11);
  // Completing the square: exponent -(A x² - 2 B x + C) / 2.
  const double quadratic = a.signal_st / (1 - a.signal_st) + 1 / (1 - a.signal_s);
  const double linear = std::sqrt(a.signal_st) * o.xt / (1 - a.signal_st) +
                        std::sqrt(a.signal_s) * o.x0 / (1 - a.signal_s);
  findings.equal("A = α/β + 1/(1−ᾱ) is the inverse variance",
                 1 / library.variance,
                 quadratic,
                 1e-9 * quadratic);
  findings.equal("B/A is the mean", library.mean, linear / quadratic, 1e-12);
  const double step = 0.5 * std::sqrt(library.variance);
  const double second = (log_product(mean + step, a, o) - 2 * log_product(mean, a, o) +
                         log_product(mean - step, a, o)) /
                        (step * step);
  findings.equal(
      "second difference of the log density is −A", second, -quadratic, 1e-6 * quadratic);
}

Panel densities_panel(Findings& findings,
                      const diffusion::GaussianProcess& process,
                      const BayesInversionOptions& o) {
  const Stretch a = stretch(process.schedule(), o.s, o.t);
  const Posterior p = of_library(process, o, o.s);
  // Some notes print the square of the variance in the exponent.
  findings.at_least("wrong: width if the exponent had β̃² (relative to the true one)",
                    std::abs(p.variance * p.variance / p.variance - 1),
                    0.05);
  const auto grid = spaced(-3, 3, 500);
  const double r = std::sqrt(a.signal_st);
  const auto density = [&](double m, double v) {
    return values_of([m, v](double x) { return std::exp(log_normal(x, m, v)); }, grid);
  };
  return {.title = concat("Prior × likelihood = posterior, s = ", o.s, ", t = ", o.t),
          .x = {.label = "x_s", .from = -3.0, .to = 3.0},
          .y = {.label = "density", .from = 0.0, .to = 1.3},
          .layers = {Curve{.label = "prior q(x_s | x_0)",
                           .x = grid,
                           .y = density(std::sqrt(a.signal_s) * o.x0, 1 - a.signal_s)},
                     Curve{.label = "likelihood q(x_t | x_s), normalised",
                           .x = grid,
                           .y = density(o.xt / r, (1 - a.signal_st) / a.signal_st)},
                     Curve{.label = "posterior q(x_s | x_t, x_0)",
                           .x = grid,
                           .y = density(p.mean, p.variance)},
                     Curve{.label = "wrong: β̃^2 as its variance",
                           .x = grid,
                           .y = density(p.mean, p.variance * p.variance),
                           .stroke = Stroke::kDashed,
                           .colour = Colour::kGrey}},
          .legend = Legend::kTopLeft};
}

Panel coefficients_panel(const diffusion::GaussianProcess& process) {
  Curve of_data{.label = "c_0: of x_0"};
  Curve of_state{.label = "c_x: of x_t"};
  Curve ratio{.label = "β̃_t / β_t", .stroke = Stroke::kDashed};
  for (std::int64_t t = 1; t <= process.steps(); ++t) {
    const auto& schedule = process.schedule();
    for (Curve* curve : {&of_data, &of_state, &ratio}) curve->x.push_back(static_cast<double>(t));
    of_data.y.push_back(schedule.x0_coefficient(t));
    of_state.y.push_back(schedule.xt_coefficient(t));
    ratio.y.push_back(schedule.posterior_variance(t) / schedule.beta[static_cast<std::size_t>(t)]);
  }
  return {.title = "Posterior of one step, t → t−1",
          .x = {.label = "t",
                .logarithmic = true,
                .from = 1.0,
                .to = static_cast<double>(process.steps())},
          .y = {.label = "coefficient", .from = 0.0, .to = 1.05},
          .layers = {of_data, of_state, ratio},
          .legend = Legend::kBottomRight};
}

Findings run(const BayesInversionOptions& o, const Run& /*context*/) {
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({.kind = o.schedule}));
  Findings findings;
  compare(findings, process, o, o.s);
  compare(findings, process, o, o.t - 1);
  if (o.schedule == "linear" && o.t == 500 && o.x0 == 0.3 && o.xt == -0.7) {
    // The worked example, fifty digits.
    const Posterior p = of_library(process, o, 499);
    findings.equal("worked example: mean at t = 500", p.mean, -0.69495364781284, 1e-13);
    findings.equal("worked example: β̃ at t = 500", p.variance, 0.010031355414614, 1e-14);
  }
  findings.figure = {.title = "Bayes' rule turns a forward step round", .columns = 2};
  findings.figure.panels = {densities_panel(findings, process, o), coefficients_panel(process)};
  return findings;
}

}  // namespace

Experiment bayes_inversion() {
  return make_experiment<BayesInversionOptions>(
      {.name = "bayes-inversion",
       .topic = "Groundwork",
       .title = "Once x_0 is known, the step back is a Gaussian: the square can be completed.",
       .text =
           "q(x_s | x_t, x_0) ∝ q(x_t | x_s) q(x_s | x_0). Both factors are Gaussians in x_s, so "
           "the "
           "exponent is −½(A x_s² − 2B x_s + C) with A = α/β + 1/(1−ᾱ_s); the mean is B/A and the "
           "variance 1/A, which is β̃ itself and not its square. The library's closed form is "
           "compared with the normalised product on a grid. Right: at small t the mean leans on "
           "x_0, later almost all of it is x_t.",
       .shows = {"Bayes inversion of one forward step",
                 "posterior mean and variance",
                 "the three coefficients of the completed square",
                 "β̃ is a variance: squaring it again is wrong"}},
      run);
}

}  // namespace tessera::lab
