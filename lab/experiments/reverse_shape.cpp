#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bernoulli.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/experiments/reverse.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct ReverseShapeOptions {
  double kept = 0.5;
  double xt = 0.5;
  void validate() const {
    TESSERA_CHECK(
        kept > 0.01 && kept < 0.99, kInvalidArgument, "kept must be 0.01 to 0.99, got ", kept);
    TESSERA_CHECK(
        xt != 0 && std::abs(xt) < 3, kInvalidArgument, "xt must be within 3 and not 0, got ", xt);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, ReverseShapeOptions& o) {
  v("kept", o.kept, "ᾱ before the step");
  v("xt", o.xt, "where x_t stands");
}

double normal(double x, double mean, double variance) {
  return std::exp(-0.5 * (x - mean) * (x - mean) / variance) /
         std::sqrt(2 * std::numbers::pi * variance);
}

/// q(x_1 | x_2) of data ±1 as the library has it: weights from the best denoiser, posterior of
/// each.
struct Mixture {
  std::array<double, 2> weight{}, mean{};
  double variance = 0.0;
  double density(double x) const {
    return weight[0] * normal(x, mean[0], variance) + weight[1] * normal(x, mean[1], variance);
  }
};

Mixture of_library(const ReverseShapeOptions& o, double beta) {
  const auto schedule = diffusion::schedule_of_betas({1 - o.kept, beta});
  const diffusion::GaussianProcess process(schedule);
  const at::Tensor points = at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1});
  const auto denoiser = diffusion::make_finite_data_denoiser(
      schedule, points, {}, {.prediction = diffusion::GaussianPrediction::kData});
  const at::Tensor x = at::full({1, 1, 1, 1}, o.xt, at::kDouble);
  const double mean = denoiser->forward(x, times_of(2), {}).item<double>();
  const auto posterior =
      process.posterior(points, x.expand({2, 1, 1, 1}), times_of(2, 2), times_of(1, 2));
  return {.weight = {0.5 * (1 - mean), 0.5 * (1 + mean)},
          .mean = {posterior.mean.reshape({2})[0].item<double>(),
                   posterior.mean.reshape({2})[1].item<double>()},
          .variance = posterior.log_variance.reshape({-1})[0].exp().item<double>()};
}

/// The same from Bayes' rule on the line, not normalised.
double product(double x, const ReverseShapeOptions& o, double beta) {
  const double r = std::sqrt(o.kept);
  return normal(o.xt, std::sqrt(1 - beta) * x, beta) * 0.5 *
         (normal(x, r, 1 - o.kept) + normal(x, -r, 1 - o.kept));
}

/// Divergence of the mixture from the Gaussian of its own moments.
double from_gaussian(const Mixture& m) {
  const double mean = m.weight[0] * m.mean[0] + m.weight[1] * m.mean[1];
  const double gap = m.mean[1] - m.mean[0];
  const double variance = m.variance + m.weight[0] * m.weight[1] * gap * gap;
  const double reach = 11 * std::sqrt(variance);
  return integral(
      [&](double x) {
        // As p ln(p/g) - p + g, which has no cancellation where p is near g.
        const double p = m.density(x);
        const double g = normal(x, mean, variance);
        const double e = p / g - 1;
        if (e < -1 + 1e-12) return g;  // no mass of p here
        return g * ((1 + e) * std::log1p(e) - e);
      },
      mean - reach,
      mean + reach,
      400);
}

/// Two bits, always equal; the state 11 or 10 at t = 2. Divergence of the true joint at t = 1 from
/// the product of its marginals, nats.
double from_product(double kept, double beta, double second_bit) {
  const diffusion::BernoulliProcess process(diffusion::schedule_of_betas({1 - kept, beta}), 0.5);
  const at::Tensor x_t = at::tensor({1.0, second_bit}, at::kDouble).view({1, 2}).expand({2, 2});
  const at::Tensor x0 = at::tensor({0.0, 0.0, 1.0, 1.0}, at::kDouble).view({2, 2});
  const at::Tensor likelihood = process.marginal(x0, times_of(2, 2));
  const at::Tensor evidence = (x_t * likelihood + (1 - x_t) * (1 - likelihood)).prod(1);
  const auto weight = numbers_of(evidence / evidence.sum());
  const auto one = numbers_of(process.posterior(x0, x_t, times_of(2, 2), times_of(1, 2)));
  double divergence = 0.0;
  for (int a = 0; a < 2; ++a) {
    for (int b = 0; b < 2; ++b) {
      double joint = 0, first = 0, second = 0;
      for (std::size_t k = 0; k < 2; ++k) {
        const double pa = a == 1 ? one[2 * k] : 1 - one[2 * k];
        const double pb = b == 1 ? one[2 * k + 1] : 1 - one[2 * k + 1];
        joint += weight[k] * pa * pb;
        first += weight[k] * pa;
        second += weight[k] * pb;
      }
      if (joint > 0) divergence += joint * std::log(joint / (first * second));
    }
  }
  return divergence;
}

void compare(Findings& findings, const ReverseShapeOptions& o) {
  for (const double beta : {0.02, 0.3, 0.8}) {
    const Mixture m = of_library(o, beta);
    const double reach = 9;
    const double mass = integral([&](double x) { return product(x, o, beta); }, -reach, reach, 800);
    double worst = 0;
    for (const double x : spaced(-3, 3, 601))
      worst = std::max(worst, std::abs(m.density(x) - product(x, o, beta) / mass));
    findings.equal(
        concat("β = ", beta, ": largest |density of the library − Bayes' rule on a grid|"),
        worst,
        0.0,
        1e-10);
  }
}

Panel shapes_panel(const ReverseShapeOptions& o) {
  Panel panel{.title = concat("q(x_{t−1} | x_t = ", o.xt, ") of data ±1"),
              .x = {.label = "x_{t−1}", .from = -2.2, .to = 2.2},
              .y = {.label = "density", .from = 0.0}};
  const auto grid = spaced(-2.2, 2.2, 600);
  for (const double beta : {0.9, 0.5, 0.1, 0.02}) {
    const Mixture m = of_library(o, beta);
    panel.layers.emplace_back(Curve{.label = concat("β = ", beta),
                                    .x = grid,
                                    .y = values_of([&](double x) { return m.density(x); }, grid)});
  }
  return panel;
}

Panel divergence_panel(Findings& findings, const ReverseShapeOptions& o) {
  Curve gaussian{.label = concat("Gaussian, x_t = ", o.xt)};
  Curve symmetric{.label = "Gaussian, x_t = 0"};
  Curve bits{.label = "two bits, product of Bernoullis, x_t = 11"};
  for (const double beta : geometric(0.003, 0.9, 40)) {
    for (Curve* curve : {&gaussian, &symmetric, &bits}) curve->x.push_back(beta);
    gaussian.y.push_back(from_gaussian(of_library(o, beta)));
    symmetric.y.push_back(from_gaussian(of_library({.kept = o.kept, .xt = 0.0}, beta)));
    bits.y.push_back(from_product(o.kept, beta, 1.0));
  }
  const auto slope = [](const Curve& curve) {
    return log_slope({curve.x.begin(), curve.x.begin() + 10},
                     {curve.y.begin(), curve.y.begin() + 10});
  };
  // Skewness³ ~ β^{3/2} enters squared, the fourth cumulant ~ β² likewise; bits flip together with
  // β².
  findings.equal("exponent of the Gaussian's divergence in β, skewed", slope(gaussian), 3.0, 0.15);
  findings.equal(
      "exponent of the Gaussian's divergence in β, symmetric", slope(symmetric), 4.0, 0.15);
  findings.equal("exponent of the factorised bits' divergence in β", slope(bits), 2.0, 0.15);
  findings.at_most("divergence at β = 0.003, nats", gaussian.y.front(), 1e-5);
  findings.at_least("divergence at β = 0.9, nats", gaussian.y.back(), 0.005);
  return {.title = "How far the best Gaussian (or factorised) step is off",
          .x = {.label = "β of the step", .logarithmic = true, .from = 0.003, .to = 1.0},
          .y = {.label = "nats", .logarithmic = true},
          .layers = {gaussian, symmetric, bits},
          .legend = Legend::kTopLeft};
}

Findings run(const ReverseShapeOptions& o, const Run& /*context*/) {
  Findings findings;
  compare(findings, o);
  findings.figure = {.title = "Small steps back have the form of the steps forward", .columns = 2};
  findings.figure.panels = {shapes_panel(o), divergence_panel(findings, o)};
  return findings;
}

}  // namespace

Experiment reverse_shape() {
  return make_experiment<ReverseShapeOptions>(
      {.name = "reverse-shape",
       .topic = "Reverse process",
       .title =
           "As β → 0 the true reverse step becomes Gaussian (or Bernoulli), whatever the data.",
       .text =
           "Data are two points, so q(x_{t−1} | x_t) is a mixture of two Gaussians, exactly. For a "
           "large "
           "step both lumps show; for a small one their distance shrinks faster than their width. "
           "The divergence from the Gaussian of the same mean and variance falls as β³ (β⁴ where "
           "the mixture is symmetric). For two equal bits the factorised Bernoulli step is off by "
           "β². "
           "This is what allows a network that gives only a mean and a variance.",
       .shows = {"same functional form for small β, Gaussian and binomial",
                 "the reverse step of two-point data by Bayes' rule on a grid"}},
      run);
}

}  // namespace tessera::lab
