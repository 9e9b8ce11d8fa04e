#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/theory.h"
#include "lab/draws.h"
#include "lab/experiments/groundwork.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

using diffusion::NormalLaw;

struct KlDivergenceOptions {
  std::int64_t draws = 400000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(draws >= 1000 && draws <= 50000000,
                  kInvalidArgument,
                  "draws must be 1000 to 5e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, KlDivergenceOptions& o) {
  v("draws", o.draws, "of the estimates");
  v("seed", o.seed, "of the draws");
}

double log_density(const NormalLaw& law, double x) {
  const double d = x - law.mean;
  return -0.5 * (d * d / law.variance + std::log(2 * std::numbers::pi * law.variance));
}

double by_quadrature(const NormalLaw& p, const NormalLaw& q) {
  const double reach = 12 * std::sqrt(p.variance);
  return integral(
      [&](double x) {
        const double lp = log_density(p, x);
        return std::exp(lp) * (lp - log_density(q, x));
      },
      p.mean - reach,
      p.mean + reach);
}

void one_dimension(Findings& findings, const KlDivergenceOptions& o) {
  const std::vector<std::pair<NormalLaw, NormalLaw>> pairs = {{{0, 1}, {0, 4}},
                                                              {{0, 1}, {1, 1}},
                                                              {{0, 4}, {0, 1}},
                                                              {{0.3, 0.01}, {-0.2, 0.04}},
                                                              {{1, 2}, {3, 4}}};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& [p, q] = pairs[i];
    const std::string name =
        concat("KL(N(", p.mean, ",", p.variance, ") ‖ N(", q.mean, ",", q.variance, "))");
    findings.equal(name, diffusion::normal_divergence(p, q), by_quadrature(p, q), 1e-11);
    const at::Tensor x =
        p.mean +
        std::sqrt(p.variance) * draw_normal({o.seed, static_cast<std::uint32_t>(i)}, {o.draws});
    const at::Tensor ratio =
        0.5 * ((x - q.mean).square() / q.variance - (x - p.mean).square() / p.variance +
               std::log(q.variance / p.variance));
    findings.near(name + ", sampled", mean_of(ratio), by_quadrature(p, q));
  }
  // With the second variance where the first belongs, a divergence comes out negative.
  const double wrong = 0.5 * (std::log(1.0 / 4.0) + 1.0 / 1.0 - 1.0);
  findings.at_most("wrong: σ₂² in the numerator, N(0,4) ‖ N(0,1)", wrong, 0.0, 0.0);
}

/// KL of two normal laws of D dimensions by its matrix formula.
double closed_form(const at::Tensor& m1,
                   const at::Tensor& s1,
                   const at::Tensor& m2,
                   const at::Tensor& s2) {
  const at::Tensor precision = at::linalg_inv(s2);
  const at::Tensor d = m2 - m1;
  return 0.5 * (at::trace(precision.matmul(s1)) + d.dot(precision.mv(d)) -
                static_cast<double>(m1.size(0)) + at::logdet(s2) - at::logdet(s1))
                   .item<double>();
}

/// log p - log q of draws from p, [n].
at::Tensor ratios(const at::Tensor& z,
                  const at::Tensor& m1,
                  const at::Tensor& s1,
                  const at::Tensor& m2,
                  const at::Tensor& s2) {
  const at::Tensor x = z.matmul(at::linalg_cholesky(s1).t()) + m1;
  const auto form = [&](const at::Tensor& m, const at::Tensor& s) {
    const at::Tensor d = x - m;
    return (d.matmul(at::linalg_inv(s)) * d).sum(1) + at::logdet(s);
  };
  return 0.5 * (form(m2, s2) - form(m1, s1));
}

Panel several_dimensions(Findings& findings, const KlDivergenceOptions& o) {
  const auto vec = [](std::vector<double> values) { return tensor_of(values); };
  const at::Tensor m1 = vec({0.2, -0.1});
  const at::Tensor s1 = vec({1, 0.3, 0.3, 0.5}).view({2, 2});
  const at::Tensor m2 = vec({-0.3, 0.4});
  const at::Tensor s2 = vec({0.8, -0.1, -0.1, 1.2}).view({2, 2});
  // The exact numbers were computed with fifty digits.
  findings.equal("2-D, KL(p ‖ q)", closed_form(m1, s1, m2, s2), 0.53067872823759, 1e-13);
  findings.equal("2-D, KL(q ‖ p)", closed_form(m2, s2, m1, s1), 1.2444817338933, 1e-12);
  const at::Tensor m3 = vec({0, 1, -1});
  const at::Tensor s3 = vec({2, 0.5, 0.2, 0.5, 1, 0.1, 0.2, 0.1, 0.7}).view({3, 3});
  const at::Tensor m4 = vec({0.5, 0.5, 0});
  const at::Tensor eye = at::eye(3, at::kDouble);
  findings.equal("3-D, KL(p ‖ N(m, I))", closed_form(m3, s3, m4, eye), 1.0151286127065, 1e-12);
  findings.near("3-D, sampled",
                mean_of(ratios(draw_normal({o.seed, 21}, {o.draws, 3}), m3, s3, m4, eye)),
                1.0151286127065);
  const at::Tensor forward = ratios(draw_normal({o.seed, 20}, {o.draws, 2}), m1, s1, m2, s2);
  findings.near("2-D, sampled", mean_of(forward), 0.53067872823759);
  Panel panel{.title = "KL in two dimensions, by sampling",
              .x = {.label = "draws", .logarithmic = true, .from = 10.0},
              .y = {.label = "nats", .from = 0.2, .to = 0.9}};
  Curve means{.label = "estimate", .stroke = Stroke::kMarked};
  Band errors{.label = "± 2 standard errors", .colour = Colour::kBlue};
  for (std::int64_t n = 10; n <= o.draws; n = n * 2) {
    const Estimate estimate = mean_of(forward.narrow(0, 0, n));
    means.x.push_back(static_cast<double>(n));
    means.y.push_back(estimate.value);
    errors.x.push_back(static_cast<double>(n));
    errors.low.push_back(estimate.value - 2 * estimate.standard_error);
    errors.high.push_back(estimate.value + 2 * estimate.standard_error);
  }
  const std::vector<double> ends = {10, means.x.back()};
  panel.layers = {errors,
                  means,
                  Curve{.label = "closed form",
                        .x = ends,
                        .y = {0.53067872823759, 0.53067872823759},
                        .stroke = Stroke::kDashed,
                        .colour = Colour::kBlack}};
  return panel;
}

Panel integrand_panel() {
  const NormalLaw p{0, 1};
  const NormalLaw q{1, 2.25};
  const auto grid = spaced(-4, 5, 400);
  Panel panel{.title = "KL(p ‖ q): the area under p ln(p/q)",
              .x = {.label = "x", .from = -4.0, .to = 5.0},
              .y = {.label = "density", .from = -0.12, .to = 0.6}};
  const auto weigh = [&](double x) {
    const double lp = log_density(p, x);
    return std::exp(lp) * (lp - log_density(q, x));
  };
  panel.layers.emplace_back(Band{.label = "p ln(p/q)",
                                 .x = grid,
                                 .low = std::vector<double>(grid.size(), 0.0),
                                 .high = values_of(weigh, grid),
                                 .colour = Colour::kGreen});
  panel.layers.emplace_back(
      Curve{.label = "p = N(0, 1)",
            .x = grid,
            .y = values_of([&](double x) { return std::exp(log_density(p, x)); }, grid)});
  panel.layers.emplace_back(
      Curve{.label = "q = N(1, 2.25)",
            .x = grid,
            .y = values_of([&](double x) { return std::exp(log_density(q, x)); }, grid)});
  return panel;
}

/// Of two laws with one variance the divergence is the squared distance over 2σ².
Panel distance_panel(Findings& findings) {
  Panel panel{.title = "Equal variances: KL = squared distance / 2σ^2",
              .x = {.label = "(μ_1 − μ_2)^2", .from = 0.0, .to = 4.0},
              .y = {.label = "nats", .from = 0.0, .to = 4.2},
              .legend = Legend::kTopLeft};
  for (const double sigma : {0.7, 1.0, 2.0}) {
    Curve curve{.label = concat("σ = ", sigma)};
    for (const double square : spaced(0, 4, 41)) {
      curve.x.push_back(square);
      curve.y.push_back(
          diffusion::normal_divergence({std::sqrt(square), sigma * sigma}, {0.0, sigma * sigma}));
    }
    findings.equal(concat("slope of KL over squared distance, σ = ", sigma),
                   (curve.y.back() - curve.y[1]) / (curve.x.back() - curve.x[1]),
                   0.5 / (sigma * sigma),
                   1e-12);
    panel.layers.emplace_back(curve);
  }
  return panel;
}

Findings run(const KlDivergenceOptions& options, const Run& context) {
  KlDivergenceOptions sized = options;
  if (context.full()) sized.draws *= 10;
  Findings findings;
  findings.figure = {.title = "Kullback–Leibler divergence of Gaussians"};
  one_dimension(findings, sized);
  findings.figure.panels = {
      integrand_panel(), distance_panel(findings), several_dimensions(findings, sized)};
  return findings;
}

}  // namespace

Experiment kl_divergence() {
  return make_experiment<KlDivergenceOptions>(
      {.name = "kl-divergence",
       .topic = "Groundwork",
       .title = "Closed form, quadrature and sampling give the same divergence of two Gaussians.",
       .text = "KL(N(μ₁,σ₁²) ‖ N(μ₂,σ₂²)) = ½[ln(σ₂²/σ₁²) + σ₁²/σ₂² + (μ₁−μ₂)²/σ₂² − 1]. The first "
               "variance stands in the numerator: with σ₂² there, as some notes print it, "
               "KL(N(0,4) ‖ N(0,1)) would be −0.69, and a divergence is never negative. Where the "
               "variances are equal only the squared distance is left, divided by 2σ²: this is "
               "how a mean squared error comes to be a likelihood.",
       .shows = {"the univariate closed form",
                 "the multivariate closed form",
                 "for equal variances KL is the squared error over 2σ²",
                 "a common misprint of the formula is wrong"}},
      run);
}

}  // namespace tessera::lab
