#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/prediction.h"
#include "lab/experiments/score.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct ScoreMatchingOptions {
  std::int64_t time = 250;
};
template <typename Visitor>
void visit_fields(Visitor& v, ScoreMatchingOptions& o) {
  v("time", o.time, "step t at which the losses are compared, 1 to 1000");
}

/// x_0 = ±1 and noise on a fine grid: rows of the data with their weights.
struct Quadrature {
  at::Tensor x0{};      // [n, 1, 1, 1]
  at::Tensor noise{};   // [n, 1, 1, 1]
  at::Tensor weight{};  // [n], sums to 1
};

Quadrature make_quadrature() {
  const std::vector<double> line = spaced(-8, 8, 3201);
  std::vector<double> x0, noise, weight;
  for (const double sign : {-1.0, 1.0}) {
    for (const double z : line) {
      x0.push_back(sign);
      noise.push_back(z);
      weight.push_back(0.5 * 0.005 * std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi));
    }
  }
  return {
      tensor_of(x0).view({-1, 1, 1, 1}), tensor_of(noise).view({-1, 1, 1, 1}), tensor_of(weight)};
}

/// The losses of the network scale · ε* + shift.
struct Losses {
  double simple = 0;      // E (ε - ε̂)^2
  double denoising = 0;   // E (s - ∇ log q(x_t | x_0))^2
  double explicitly = 0;  // E (s - ∇ log q(x_t))^2
  double implicitly = 0;  // E s^2 + 2 ds/dx
};

Losses measure(
    const World& world, const Quadrature& points, std::int64_t time, double scale, double shift) {
  const at::Tensor t = at::full({points.x0.size(0)}, time, at::kLong);
  const at::Tensor x_t = world.process.q_sample(points.x0, t, points.noise);
  const auto answer_at = [&](const at::Tensor& x) {
    return scale * world.denoiser->forward(x, t, {}) + shift;
  };
  const auto as_score = [&](const at::Tensor& eps, const at::Tensor& x) {
    return convert_prediction(world.process,
                              eps,
                              GaussianPrediction::kNoise,
                              GaussianPrediction::kScore,
                              {.x_t = x, .t = t});
  };
  const auto mean = [&](const at::Tensor& values) {
    return (values.flatten() * points.weight).sum().item<double>();
  };
  const at::Tensor eps = answer_at(x_t);
  const at::Tensor score = as_score(eps, x_t);
  const at::Tensor best = as_score(world.denoiser->forward(x_t, t, {}), x_t);
  const at::Tensor given =
      prediction_target(world.process, GaussianPrediction::kScore, points.x0, points.noise, t);
  constexpr double kStep = 1e-5;
  const at::Tensor slope =
      (as_score(answer_at(x_t + kStep), x_t) - as_score(answer_at(x_t - kStep), x_t)) / (2 * kStep);
  const GaussianLoss loss = gaussian_loss(
      world.process, {.x0 = points.x0, .noise = points.noise, .t = t, .answer = eps}, {}, {});
  return {.simple = mean(loss.squared_error),
          .denoising = mean((score - given).square()),
          .explicitly = mean((score - best).square()),
          .implicitly = mean(score.square() + 2 * slope)};
}

void check_gaussian(Findings& findings) {
  // Data N(0, 1/4) at t = 250, where everything has a closed form.
  const World world = normal_world(make_gaussian_schedule({}), 0, 0.25);
  const PairDesign pair = pair_design(0.25);
  const at::Tensor t = at::full({2}, 250, at::kLong);
  const at::Tensor x_t = world.process.q_sample(pair.x0, t, pair.noise);
  const at::Tensor best = world.denoiser->forward(x_t, t, {});
  const auto loss = [&](double scale) {
    return gaussian_loss(world.process,
                         {.x0 = pair.x0, .noise = pair.noise, .t = t, .answer = scale * best},
                         {},
                         {})
        .squared_error.mean()
        .item<double>();
  };
  const at::Tensor score = convert_prediction(world.process,
                                              best,
                                              GaussianPrediction::kNoise,
                                              GaussianPrediction::kScore,
                                              {.x_t = x_t, .t = t});
  const at::Tensor given =
      prediction_target(world.process, GaussianPrediction::kScore, pair.x0, pair.noise, t);
  const double marginal = score.square().mean().item<double>();
  const double conditional = given.square().mean().item<double>();
  findings.equal("N(0,¼), t=250: E |∇ log q(x_t)|^2 = 1/Var(x_t)", marginal, 1.64762025986, 1e-9);
  findings.equal("E |∇ log q(x_t|x_0)|^2 = 1/(1-ᾱ)", conditional, 2.10121720368, 1e-9);
  findings.equal("what no network can learn of it", conditional - marginal, 0.453596943821, 1e-9);
  findings.equal("L_simple of the zero network", loss(0), 1, 1e-12);
  findings.equal("L_simple of the best network", loss(1), 0.215873419952, 1e-9);
  findings.equal("L_simple of 0.9 ε*", loss(0.9), 0.223714685753, 1e-9);
}

Findings run(const ScoreMatchingOptions& options, const Run& /*context*/) {
  Findings findings;
  check_gaussian(findings);
  const World world = picture_world(make_gaussian_schedule({}),
                                    at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1}));
  const Quadrature points = make_quadrature();
  const double noise = world.process.schedule().noise_variance(options.time);
  Curve denoising{.label = "denoising score matching"};
  Curve explicitly{.label = "explicit score matching (needs ∇ log q)"};
  Curve simple{.label = "L_{simple} / (1 - ᾱ)", .stroke = Stroke::kPoints};
  Curve implicitly{.label = "implicit score matching", .stroke = Stroke::kDashed};
  const double constant = measure(world, points, options.time, 1, 0).denoising;
  for (const double scale : spaced(0, 2, 21)) {
    const Losses losses = measure(world, points, options.time, scale, 0.1);
    const double difference = losses.denoising - losses.explicitly;
    if (scale == 0 || std::abs(scale - 0.5) < 1e-9 || scale == 2) {
      findings.equal(concat("data ±1, network ", scale, " ε* + 0.1: denoising - explicit"),
                     difference,
                     constant,
                     1e-7);
      findings.equal("the same network: L_simple / (1-ᾱ) - denoising",
                     losses.simple / noise - losses.denoising,
                     0,
                     1e-9);
      const double at_best = measure(world, points, options.time, 1, 0).implicitly;
      findings.equal("the same network: implicit - explicit",
                     losses.implicitly - losses.explicitly,
                     at_best,
                     1e-5);
    }
    for (Curve* curve : {&denoising, &explicitly, &simple, &implicitly}) curve->x.push_back(scale);
    denoising.y.push_back(losses.denoising);
    explicitly.y.push_back(losses.explicitly);
    simple.y.push_back(losses.simple / noise);
    implicitly.y.push_back(losses.implicitly);
  }
  Panel panel{.title = concat("data ±1, t = ", options.time, ", network c ε* + 0.1"),
              .x = {.label = "c"},
              .y = {.label = "loss", .to = 3},
              .legend = Legend::kTopLeft};
  panel.layers = {denoising, simple, explicitly, implicitly};
  findings.figure = {.title = "Four losses, one shape: they differ by constants",
                     .panels = {panel}};
  return findings;
}

}  // namespace

Experiment score_matching() {
  return make_experiment<ScoreMatchingOptions>(
      {.name = "score-matching",
       .topic = "Score and Langevin",
       .title = "Predicting the noise is denoising score matching, up to a weight and a constant.",
       .text =
           "Matching ∇ log q(x_t) directly needs the density. Vincent (2011): matching the score "
           "of q(x_t | x_0), which is -ε/√(1-ᾱ), differs from it by a constant that no network "
           "changes; and Hyvärinen's implicit form by another. So L_simple, divided by 1-ᾱ, is "
           "score matching. The constant is why a perfect network's loss is not zero.",
       .shows = {"denoising score matching equals L_simple",
                 "implicit score matching",
                 "the loss that cannot be learned away"}},
      run);
}

}  // namespace tessera::lab
