#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/theory.h"
#include "lab/draws.h"
#include "lab/experiments/groundwork.h"
#include "lab/series.h"
#include "lab/tiny_network.h"

namespace tessera::lab {
namespace {

struct VariationalInferenceOptions {
  double observed = 1.5;
  double sigma = 0.5;
  std::int64_t steps = 300;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        sigma >= 0.1 && sigma <= 5, kInvalidArgument, "sigma must be 0.1 to 5, got ", sigma);
    TESSERA_CHECK(
        std::abs(observed) <= 9, kInvalidArgument, "observed must be -9 to 9, got ", observed);
    TESSERA_CHECK(steps >= 10 && steps <= 100000,
                  kInvalidArgument,
                  "steps must be 10 to 100000, got ",
                  steps);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, VariationalInferenceOptions& o) {
  v("observed", o.observed, "x, of which z is asked");
  v("sigma", o.sigma, "deviation of x given z");
  v("steps", o.steps, "of gradient ascent on the bound");
  v("seed", o.seed, "of the Monte Carlo terms");
}

double log_gaussian(double x, double mean, double variance) {
  return -0.5 * ((x - mean) * (x - mean) / variance + std::log(2 * std::numbers::pi * variance));
}

/// The model: z ~ N(0, 1), x | z ~ N(z², σ²). Two values of z explain one x.
double log_joint(double z, const VariationalInferenceOptions& o) {
  return log_gaussian(z, 0, 1) + log_gaussian(o.observed, z * z, o.sigma * o.sigma);
}

constexpr double kReach = 9.0;
constexpr double kStartMean = 0.5, kStartDeviation = 0.6;

struct Fit {
  std::vector<double> elbo{}, divergence{};
  double mean = 0.0, deviation = 1.0;
};

/// Ascends the bound over N(mean, exp(2 s)) with expectations on a fine grid of standard normal
/// numbers. KL to the posterior is summed by itself, over z.
Fit ascend(const VariationalInferenceOptions& o, const Run& run, double log_evidence) {
  const at::Tensor u = tensor_of(spaced(-kReach, kReach, 1801));
  const double width = 2 * kReach / 1800;
  const at::Tensor weight = (-0.5 * u.square()).exp() * (width / std::sqrt(2 * std::numbers::pi));
  at::Tensor mean = at::full({}, kStartMean, at::kDouble);
  at::Tensor scale = at::full({}, std::log(kStartDeviation), at::kDouble);
  Adam adam({mean, scale});
  Fit fit;
  for (std::int64_t step = 0; step < o.steps; ++step) {
    if (step % 100 == 0) run.report("ascent", step, o.steps);
    const at::Tensor z = mean + scale.exp() * u;
    const at::Tensor joint =
        -0.5 * (z.square() + (o.observed - z.square()).square() / (o.sigma * o.sigma)) -
        std::log(2 * std::numbers::pi * o.sigma);
    const at::Tensor entropy = scale + 0.5 * std::log(2 * std::numbers::pi * std::numbers::e);
    const at::Tensor elbo = (weight * joint).sum() + entropy;
    fit.mean = mean.item<double>();
    fit.deviation = std::exp(scale.item<double>());
    fit.elbo.push_back(elbo.item<double>());
    fit.divergence.push_back(integral(
        [&](double at) {
          const double log_q = log_gaussian(at, fit.mean, fit.deviation * fit.deviation);
          return std::exp(log_q) * (log_q - (log_joint(at, o) - log_evidence));
        },
        fit.mean - 9 * fit.deviation,
        fit.mean + 9 * fit.deviation,
        60));
    adam.minimise(-elbo, 0.03);
  }
  return fit;
}

Panel trace_panel(const Fit& fit, double log_evidence) {
  std::vector<double> sum;
  for (std::size_t i = 0; i < fit.elbo.size(); ++i) sum.push_back(fit.elbo[i] + fit.divergence[i]);
  const auto x = counted(static_cast<std::int64_t>(fit.elbo.size()));
  return {.title = "ELBO + KL is constant",
          .x = {.label = "step", .from = 0.0, .to = x.back()},
          .y = {.label = "nats"},
          .layers = {Curve{.label = "KL(q ‖ posterior)",
                           .x = x,
                           .y = fit.divergence,
                           .colour = Colour::kVermilion},
                     Curve{.label = "their sum", .x = x, .y = sum, .colour = Colour::kGreen},
                     Curve{.label = "log p(x), by quadrature",
                           .x = {0, x.back()},
                           .y = {log_evidence, log_evidence},
                           .stroke = Stroke::kDashed,
                           .colour = Colour::kBlack},
                     Curve{.label = "ELBO", .x = x, .y = fit.elbo, .colour = Colour::kBlue}},
          .legend = Legend::kTopRight};
}

Panel posterior_panel(const VariationalInferenceOptions& o, const Fit& fit, double log_evidence) {
  const auto grid = spaced(-2.6, 2.6, 400);
  const auto density = [&](double z) { return std::exp(log_joint(z, o) - log_evidence); };
  const auto q = [&](double m, double s) {
    return values_of([m, s](double z) { return std::exp(log_gaussian(z, m, s * s)); }, grid);
  };
  return {.title = "q takes one of the two modes",
          .x = {.label = "z", .from = -2.6, .to = 2.6},
          .y = {.label = "density", .from = 0.0},
          .layers = {Band{.label = "p(z | x)",
                          .x = grid,
                          .low = std::vector<double>(grid.size(), 0.0),
                          .high = values_of(density, grid),
                          .colour = Colour::kGrey},
                     Curve{.label = "q at the start",
                           .x = grid,
                           .y = q(kStartMean, kStartDeviation),
                           .stroke = Stroke::kDashed},
                     Curve{.label = "q at the end", .x = grid, .y = q(fit.mean, fit.deviation)}},
          .legend = Legend::kTopLeft};
}

/// z ~ N(0, 1), x | z ~ N(0.8 z + 0.1, 0.25), x = 1.3: reconstruction and regulariser, each exact.
Panel linear_panel(Findings& findings, const VariationalInferenceOptions& o) {
  struct Case {
    std::string name;
    double mean, variance, reconstruction, divergence;
  };
  // Fifty-digit values of the two closed forms.
  const std::vector<Case> cases = {
      {"q = posterior",
       1.0786516853932584,
       0.2808988764044944,
       -0.8125859492865656,
       0.8570744398350753},
      {"q = prior", 0.0, 1.0, -4.385791352644727, 0.0},
      {"q = N(0.5, 0.3)", 0.5, 0.3, -1.8897913526447274, 0.376986402162968}};
  const at::Tensor u = draw_normal({o.seed, 3}, {100000});
  const double evidence = log_gaussian(1.3, 0.1, 0.64 + 0.25);
  for (const Case& c : cases) {
    const at::Tensor z = c.mean + std::sqrt(c.variance) * u;
    const at::Tensor log_x =
        -0.5 * ((1.3 - 0.1 - 0.8 * z).square() / 0.25 + std::log(2 * std::numbers::pi * 0.25));
    const double divergence = diffusion::normal_divergence({c.mean, c.variance}, {0.0, 1.0});
    findings.near("linear model, " + c.name + ": reconstruction", mean_of(log_x), c.reconstruction);
    findings.equal(
        "linear model, " + c.name + ": KL to the prior", divergence, c.divergence, 1e-12);
    findings.at_most("linear model, " + c.name + ": ELBO below log p(x)",
                     c.reconstruction - divergence,
                     evidence,
                     1e-12);
  }
  Panel panel{.title = "A linear model: the ELBO's two terms",
              .x = {.label = "mean of q", .from = -0.5, .to = 2.5},
              .y = {.label = "nats", .from = -8.0, .to = 0.5},
              .legend = Legend::kBottomRight};
  const auto grid = spaced(-0.5, 2.5, 200);
  const double v = 0.2808988764044944;
  const auto reconstruction = [&](double m) {
    return log_gaussian(1.3, 0.1 + 0.8 * m, 0.25) - 0.5 * 0.64 * v / 0.25;
  };
  const auto regulariser = [&](double m) {
    return -diffusion::normal_divergence({m, v}, {0.0, 1.0});
  };
  panel.layers = {
      Curve{.label = "reconstruction",
            .x = grid,
            .y = values_of(reconstruction, grid),
            .stroke = Stroke::kDashed},
      Curve{.label = "−KL to the prior",
            .x = grid,
            .y = values_of(regulariser, grid),
            .stroke = Stroke::kDashed},
      Curve{.label = "ELBO",
            .x = grid,
            .y = values_of([&](double m) { return reconstruction(m) + regulariser(m); }, grid)},
      Curve{.label = "log p(x)",
            .x = {-0.5, 2.5},
            .y = {evidence, evidence},
            .stroke = Stroke::kDotted,
            .colour = Colour::kBlack}};
  return panel;
}

Findings run(const VariationalInferenceOptions& o, const Run& context) {
  Findings findings;
  const double log_evidence =
      std::log(integral([&](double z) { return std::exp(log_joint(z, o)); }, -kReach, kReach, 400));
  const Fit fit = ascend(o, context, log_evidence);
  for (const std::size_t i : {std::size_t{0}, fit.elbo.size() / 2, fit.elbo.size() - 1}) {
    findings.equal(
        concat("ELBO + KL at step ", i + 1), fit.elbo[i] + fit.divergence[i], log_evidence, 1e-9);
  }
  findings.at_least("rise of the ELBO", fit.elbo.back() - fit.elbo.front(), 0.1);
  findings.at_most("ELBO stays below log p(x)", fit.elbo.back(), log_evidence);
  findings.figure = {.title = "Inference as optimisation"};
  findings.figure.panels = {posterior_panel(o, fit, log_evidence),
                            trace_panel(fit, log_evidence),
                            linear_panel(findings, o)};
  return findings;
}

}  // namespace

Experiment variational_inference() {
  return make_experiment<VariationalInferenceOptions>(
      {.name = "variational-inference",
       .topic = "Groundwork",
       .title =
           "Raising the ELBO lowers KL(q ‖ posterior) by the same amount; their sum is log p(x).",
       .text =
           "z ~ N(0, 1) and x | z ~ N(z², σ²): one x has two explanations, and p(x) is an integral "
           "without closed form. A Gaussian q is moved by gradient ascent on the ELBO. At every "
           "step ELBO + KL(q ‖ p(z|x)) = log p(x), each of the three summed on a grid by "
           "itself. q ends on one mode, since KL(q ‖ p) punishes mass where p has none. Right: "
           "in a linear model both terms of the ELBO are closed: reconstruction "
           "E_q log p(x|z) and regulariser −KL(q ‖ prior).",
       .shows = {"inference becomes optimisation of a bound",
                 "ELBO + KL = log p(x)",
                 "ELBO = reconstruction − regulariser"}},
      run);
}

}  // namespace tessera::lab
