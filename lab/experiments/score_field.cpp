#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/prediction.h"
#include "lab/experiments/score.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr std::int64_t kPoints = 120;
constexpr double kSpread = 0.008;  // variance of the data around their curve

struct ScoreFieldOptions {
  std::int64_t arrows = 15;
};
template <typename Visitor>
void visit_fields(Visitor& v, ScoreFieldOptions& o) {
  v("arrows", o.arrows, "arrows a side in the figure");
}

/// Two half moons of mean 0 and variance about 1: the curve that the data lie around.
std::vector<std::array<double, 2>> moons() {
  std::vector<std::array<double, 2>> points;
  for (std::int64_t i = 0; i < kPoints; ++i) {
    const bool upper = i % 2 == 0;
    const double angle = std::numbers::pi * static_cast<double>(i / 2) / (kPoints / 2 - 1);
    const double x = upper ? std::cos(angle) : 1 - std::cos(angle);
    const double y = upper ? std::sin(angle) : 0.5 - std::sin(angle);
    points.push_back({(x - 0.5) * 1.1, (y - 0.25) * 1.9});
  }
  return points;
}

/// Density and its logarithm's gradient at time t, in plain code.
struct Local {
  double density = 0;
  double dx = 0;
  double dy = 0;
};
Local local(const std::vector<std::array<double, 2>>& points,
            const GaussianSchedule& schedule,
            std::int64_t t,
            double x,
            double y) {
  const double a = std::sqrt(schedule.alpha_bar[static_cast<std::size_t>(t)]);
  const double variance = a * a * kSpread + 1 - a * a;
  Local out;
  for (const auto& [px, py] : points) {
    const double dx = x - a * px;
    const double dy = y - a * py;
    const double p = std::exp(-(dx * dx + dy * dy) / (2 * variance)) /
                     (2 * std::numbers::pi * variance * static_cast<double>(points.size()));
    out.density += p;
    out.dx -= p * dx / variance;
    out.dy -= p * dy / variance;
  }
  out.dx /= out.density;
  out.dy /= out.density;
  return out;
}

/// The network's answer at every point of a grid, as a score: [n, 2].
at::Tensor scores(const World& world, const at::Tensor& where, std::int64_t t) {
  const at::Tensor x = where.view({-1, 2, 1, 1});
  const at::Tensor time = at::full({x.size(0)}, t, at::kLong);
  return convert_prediction(world.process,
                            world.denoiser->forward(x, time, {}),
                            GaussianPrediction::kNoise,
                            GaussianPrediction::kScore,
                            {.x_t = x, .t = time})
      .view({-1, 2});
}

at::Tensor field_grid(double half, std::int64_t side) {
  const std::vector<double> line = spaced(-half, half, side);
  std::vector<double> out;
  for (const double y : line) {
    for (const double x : line) {
      out.push_back(x);
      out.push_back(y);
    }
  }
  return tensor_of(out).view({-1, 2});
}

Panel field_panel(const World& world,
                  const std::vector<std::array<double, 2>>& points,
                  std::int64_t t,
                  const ScoreFieldOptions& options) {
  constexpr double kHalf = 2.4;
  constexpr std::int64_t kCells = 61;
  HeatMap map{.columns = kCells,
              .rows = kCells,
              .x_first = -kHalf,
              .x_last = kHalf,
              .y_first = -kHalf,
              .y_last = kHalf};
  const std::vector<double> cells = spaced(-kHalf, kHalf, kCells);
  for (const double y : cells) {
    for (const double x : cells) {
      map.values.push_back(local(points, world.process.schedule(), t, x, y).density);
    }
  }
  const at::Tensor where = field_grid(kHalf * 0.95, options.arrows);
  const at::Tensor score = scores(world, where, t);
  // Arrows shortened towards one length, so that the far ones do not hide the near.
  const at::Tensor length = score.norm(2, 1, true);
  const double longest = 1.9 * kHalf / static_cast<double>(options.arrows);
  const at::Tensor arrow = score / length * longest * (length / (length + length.median()));
  Quiver quiver{.x = numbers_of(where.select(1, 0)),
                .y = numbers_of(where.select(1, 1)),
                .dx = numbers_of(arrow.select(1, 0)),
                .dy = numbers_of(arrow.select(1, 1)),
                .colour = Colour::kVermilion};
  Panel panel{.title = concat("t = ", t),
              .x = {.label = "x_1", .from = -kHalf, .to = kHalf},
              .y = {.label = "x_2", .from = -kHalf, .to = kHalf},
              .legend = Legend::kNone,
              .equal_scales = true};
  panel.layers = {std::move(map), std::move(quiver)};
  return panel;
}

Findings run(const ScoreFieldOptions& options, const Run& /*context*/) {
  Findings findings;
  const auto points = moons();
  std::vector<double> flat;
  for (const auto& [x, y] : points) flat.insert(flat.end(), {x, y});
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const World world{.process = GaussianProcess(schedule),
                    .denoiser = make_mixture_data_denoiser(
                        schedule,
                        {.means = tensor_of(flat).view({kPoints, 2, 1, 1}),
                         .variances = at::full({kPoints}, kSpread, at::kDouble),
                         .weights = at::ones({kPoints}, at::kDouble)},
                        {})};
  findings.figure = {.title = "ε̂ is the score: -√(1-ᾱ) ∇ log q(x_t)", .columns = 3, .height = 640};
  for (const std::int64_t t : {60, 200, 500}) {
    const at::Tensor where = field_grid(2.0, 9);
    const std::vector<double> measured = numbers_of(scores(world, where, t));
    const std::vector<double> at_points = numbers_of(where);
    double worst = 0;
    for (std::size_t i = 0; i < at_points.size(); i += 2) {
      const Local truth = local(points, schedule, t, at_points[i], at_points[i + 1]);
      worst =
          std::max({worst, std::abs(measured[i] - truth.dx), std::abs(measured[i + 1] - truth.dy)});
    }
    findings.equal(concat("t=", t, ": largest |score of ε̂ - ∇ log q|"), worst, 0, 1e-8);
    findings.figure.panels.push_back(field_panel(world, points, t, options));
  }
  // Two points at +1 and -1: the best estimate is a hyperbolic tangent.
  const World two =
      picture_world(schedule, at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1}));
  const at::Tensor x = at::full({1, 1, 1, 1}, 0.4, at::kDouble);
  const at::Tensor t = at::full({1}, 300, at::kLong);
  const double x0 = convert_prediction(two.process,
                                       two.denoiser->forward(x, t, {}),
                                       GaussianPrediction::kNoise,
                                       GaussianPrediction::kData,
                                       {.x_t = x, .t = t})
                        .item<double>();
  const double a = schedule.alpha_bar[300];
  findings.equal("data ±1, x_300 = 0.4: x̂_0", x0, std::tanh(std::sqrt(a) * 0.4 / (1 - a)), 1e-10);
  return findings;
}

}  // namespace

Experiment score_field() {
  return make_experiment<ScoreFieldOptions>(
      {.name = "score-field",
       .topic = "Score and Langevin",
       .title = "The network that predicts the noise knows where the density rises.",
       .text =
           "The best prediction of the noise is ε* = -√(1-ᾱ_t) ∇ log q(x_t): the arrows are the "
           "network's answer divided by -√(1-ᾱ_t), the colours the density of x_t. With little "
           "noise the arrows point to the nearest part of the curve, with much noise to the "
           "mean of everything; a sampler walks from the right picture to the left.",
       .shows = {"ε is proportional to minus the score", "the field that a sampler follows"}},
      run);
}

}  // namespace tessera::lab
