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

struct GaussianDensitiesOptions {
  std::int64_t draws = 200000;
  double variance_x = 1.0;
  double variance_y = 0.5;
  double correlation = 0.7;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(draws >= 1000 && draws <= 50000000,
                  kInvalidArgument,
                  "draws must be 1000 to 50000000, got ",
                  draws);
    TESSERA_CHECK(variance_x > 0 && variance_y > 0,
                  kInvalidArgument,
                  "variance_x and variance_y must be above 0, got ",
                  variance_x,
                  " and ",
                  variance_y);
    TESSERA_CHECK(std::abs(correlation) < 1,
                  kInvalidArgument,
                  "correlation must be between -1 and 1, got ",
                  correlation);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianDensitiesOptions& o) {
  v("draws", o.draws, "random vectors");
  v("variance_x", o.variance_x, "variance of the first coordinate");
  v("variance_y", o.variance_y, "variance of the second");
  v("correlation", o.correlation, "of the two, between -1 and 1");
  v("seed", o.seed, "of the draws");
}

/// P(|z| < k) of a standard normal number.
double share_within(double k) {
  return std::erf(k / std::numbers::sqrt2);
}

Panel densities(Findings& findings, const GaussianDensitiesOptions& options) {
  Panel panel{.title = "One dimension: N(0, σ^2)",
              .x = {.label = "x", .from = -5.0, .to = 5.0},
              .y = {.label = "density", .from = 0.0, .to = 1.0}};
  const at::Tensor z = draw_normal({options.seed, 0}, {options.draws});
  Histogram bars = histogram_of(z, -5, 5, 100);
  bars.label = concat(options.draws, " draws, σ = 1");
  bars.colour = Colour::kSky;
  panel.layers.emplace_back(bars);
  for (const double sigma : {0.5, 1.0, 2.0}) {
    const auto density = [sigma](double x) {
      return std::exp(-0.5 * x * x / (sigma * sigma)) / (sigma * std::sqrt(2 * std::numbers::pi));
    };
    panel.layers.emplace_back(Curve{.label = concat("σ = ", sigma),
                                    .x = spaced(-5, 5, 400),
                                    .y = values_of(density, spaced(-5, 5, 400))});
  }
  findings.near("mean of the draws", mean_of(z), 0.0);
  findings.near("variance of the draws", variance_of(z), 1.0);
  for (const double k : {1.0, 2.0, 3.0}) {
    findings.near(concat("share of draws with |x| < ", k, "σ"),
                  mean_of(z.abs().lt(k).to(at::kDouble)),
                  share_within(k));
  }
  return panel;
}

Panel cloud(Findings& findings, const GaussianDensitiesOptions& options) {
  const double xy = options.correlation * std::sqrt(options.variance_x * options.variance_y);
  // Σ = L Lᵀ, x = L z.
  const double a = std::sqrt(options.variance_x);
  const double b = xy / a;
  const double c = std::sqrt(options.variance_y - b * b);
  const at::Tensor z = draw_normal({options.seed, 1}, {2, options.draws});
  const at::Tensor x = a * z[0];
  const at::Tensor y = b * z[0] + c * z[1];
  findings.near("sample covariance, xx", mean_of(x * x), options.variance_x);
  findings.near("sample covariance, xy", mean_of(x * y), xy);
  findings.near("sample covariance, yy", mean_of(y * y), options.variance_y);
  const double det = options.variance_x * options.variance_y - xy * xy;
  const at::Tensor form =
      (options.variance_y * x * x - 2 * xy * x * y + options.variance_x * y * y) / det;
  for (const double k : {1.0, 2.0}) {
    findings.near(concat("share of draws inside the ellipse of ", k, " deviations"),
                  mean_of(form.lt(k * k).to(at::kDouble)),
                  1 - std::exp(-0.5 * k * k));
  }
  Panel panel{.title = "Two dimensions: Σ sets shape and direction",
              .x = {.label = "x_1", .from = -3.6, .to = 3.6},
              .y = {.label = "x_2", .from = -3.0, .to = 3.0},
              .equal_scales = true};
  const std::int64_t shown = std::min<std::int64_t>(options.draws, 2500);
  panel.layers.emplace_back(Curve{.x = numbers_of(x.narrow(0, 0, shown)),
                                  .y = numbers_of(y.narrow(0, 0, shown)),
                                  .stroke = Stroke::kDots,
                                  .colour = Colour::kSky});
  for (const double k : {1.0, 2.0, 3.0}) {
    panel.layers.emplace_back(Ellipse{.label = k == 1.0 ? "1, 2 and 3 deviations" : "",
                                      .covariance = {options.variance_x, xy, options.variance_y},
                                      .deviations = k,
                                      .colour = Colour::kVermilion});
  }
  return panel;
}

Findings run(const GaussianDensitiesOptions& options, const Run& context) {
  GaussianDensitiesOptions sized = options;
  if (context.full()) sized.draws *= 20;
  Findings findings;
  findings.figure = {.title = "Gaussian densities", .columns = 2};
  findings.figure.panels.push_back(densities(findings, sized));
  findings.figure.panels.push_back(cloud(findings, sized));
  return findings;
}

}  // namespace

Experiment gaussian_densities() {
  return make_experiment<GaussianDensitiesOptions>(
      {.name = "gaussian-densities",
       .topic = "Groundwork",
       .title = "A Gaussian is its mean and its covariance: density, draws, ellipses.",
       .text = "Left: the density of N(0, σ²) for three widths over a histogram of draws. Right: a "
               "cloud of N(0, Σ) with the ellipses on which the density is constant; the "
               "eigenvectors of Σ are their axes. The shares of draws within 1, 2 and 3 "
               "deviations are erf(k/√2) in one dimension and 1 − exp(−k²/2) in two, so the same "
               "ellipse holds less than the same interval.",
       .shows = {"the one-dimensional density", "the covariance sets shape and orientation"}},
      run);
}

}  // namespace tessera::lab
