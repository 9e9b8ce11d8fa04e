#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/loss.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/numbers.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct TimeSamplingOptions {
  double variance = 0.25;
  std::string schedule = "cosine";
  std::int64_t steps = 100;
  std::int64_t draws = 200000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(steps >= 10 && steps <= 1000 && steps % 2 == 0,
                  kInvalidArgument,
                  "steps must be even, 10 to 1000, got ",
                  steps);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, TimeSamplingOptions& o) {
  v("variance", o.variance, "of the Gaussian data");
  v("schedule", o.schedule, "of the chain");
  v("steps", o.steps, "T");
  v("draws", o.draws, "times that are drawn");
  v("seed", o.seed, "of the draws");
}

/// One sampled term is A + B ξ², ξ standard normal: its mean and mean square, a step.
struct TimedTerms {
  std::vector<double> mean{}, square{};
  double total = 0.0;
};
TimedTerms terms_of(const ReferenceChain& chain, double v) {
  TimedTerms terms;
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    const double sigma2 = t == 1 ? chain.posterior_variance(2) : chain.beta(t);
    const double c0 = t == 1 ? 1.0 : chain.of_data(t);
    const double b = 0.5 * c0 * c0 * chain.data_variance_given(t, v) / sigma2;
    const double a = chain.term(t, v, sigma2) - b;
    terms.mean.push_back(a + b);
    terms.square.push_back(a * a + 2 * a * b + 3 * b * b);
    terms.total += a + b;
  }
  return terms;
}

/// Sampled terms at these times, by the library's loss: [n], each T times the term.
at::Tensor sampled(const World& world,
                   const TimeSamplingOptions& o,
                   const at::Tensor& t,
                   std::uint32_t stream) {
  const std::int64_t n = t.numel();
  const at::Tensor x0 = as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, stream}, {n}));
  const at::Tensor eps = as_pictures(draw_normal({o.seed, stream + 1}, {n}));
  const at::Tensor answer = world.denoiser->forward(world.process.q_sample(x0, t, eps), t, {});
  return diffusion::gaussian_loss(world.process,
                                  {x0, eps, t, answer},
                                  {},
                                  {.objective = "bound", .decoder = "continuous"})
      .bound;
}

/// 1..T from probabilities, by inversion.
at::Tensor draw_times(const std::vector<double>& p, const Stream& stream, std::int64_t n) {
  const at::Tensor edges = tensor_of(p).cumsum(0);
  return (at::searchsorted(edges, draw_uniform(stream, {n}) * edges[-1]) + 1)
      .clamp_max(static_cast<std::int64_t>(p.size()));
}

Findings run(const TimeSamplingOptions& options, const Run& context) {
  TimeSamplingOptions o = options;
  if (context.full()) o.draws *= 10;
  const double scale = 1000.0 / static_cast<double>(o.steps);
  const World world =
      normal_world(diffusion::make_gaussian_schedule({.kind = o.schedule,
                                                      .steps = o.steps,
                                                      .first = 1e-4 * scale,
                                                      .last = std::min(0.02 * scale, 0.999)}),
                   0.0,
                   o.variance);
  const ReferenceChain chain(world.process.schedule().beta);
  const TimedTerms terms = terms_of(chain, o.variance);
  const auto steps = static_cast<double>(o.steps);
  double squares = 0.0, roots = 0.0, pairs = 0.0;
  std::vector<double> p;
  for (std::size_t i = 0; i < terms.square.size(); ++i) {
    const std::size_t other = terms.square.size() - 1 - i;
    squares += terms.square[i];
    roots += std::sqrt(terms.square[i]);
    p.push_back(std::sqrt(terms.square[i]));
    // A pair t, T + 1 - t with draws of its own each; its mean square.
    pairs += 0.25 * (terms.square[i] + 2 * terms.mean[i] * terms.mean[other] + terms.square[other]);
  }
  for (double& value : p) value /= roots;
  Findings findings;
  // Variances of an estimate of the sum from one time (a pair counts as two and is compared as
  // such).
  const double uniform = steps * squares - terms.total * terms.total;
  const double antithetic = 2 * (steps * pairs - terms.total * terms.total);
  const double importance = roots * roots - terms.total * terms.total;
  const at::Tensor t = (draw_uniform({o.seed, 0}, {o.draws}) * steps).floor().to(at::kLong) + 1;
  const at::Tensor by_uniform = sampled(world, o, t, 10);
  const at::Tensor mirrored = 0.5 * (by_uniform + sampled(world, o, o.steps + 1 - t, 20));
  const at::Tensor drawn = draw_times(p, {o.seed, 1}, o.draws);
  const at::Tensor weight = 1.0 / (steps * tensor_of(p).index_select(0, drawn - 1));
  const at::Tensor by_importance = sampled(world, o, drawn, 30) * weight;
  findings.near("L_0 + ΣL, t uniform", mean_of(by_uniform), terms.total);
  findings.near("L_0 + ΣL, pairs t and T+1−t", mean_of(mirrored), terms.total);
  findings.near("L_0 + ΣL, p ∝ √E L²", mean_of(by_importance), terms.total);
  findings.near("variance, t uniform", variance_of(by_uniform), uniform, 6.0);
  findings.near("variance of a pair, twice",
                {2 * variance_of(mirrored).value, 2 * variance_of(mirrored).standard_error},
                antithetic,
                6.0);
  findings.near("variance, p ∝ √E L²", variance_of(by_importance), importance, 6.0);
  findings.at_most(
      "importance sampling's variance over that of uniform times", importance / uniform, 0.7);
  // t does not run from easy to hard as training goes on: it is drawn anew at every step.
  const at::Tensor step = at::arange(o.draws, at::kDouble) / static_cast<double>(o.draws) - 0.5;
  const at::Tensor centred =
      (t.to(at::kDouble) - 0.5 * (steps + 1)) / std::sqrt((steps * steps - 1) / 12);
  findings.near("wrong: \"from high noise to low\": correlation of t with the training step",
                mean_of(centred * step * std::sqrt(12.0)),
                0.0);
  findings.near("mean of t", mean_of(t.to(at::kDouble)), 0.5 * (steps + 1));
  Panel left{
      .title = concat("Which times are drawn (", o.schedule, ", T = ", o.steps, ")"),
      .x = {.label = "t", .logarithmic = true, .from = 1.0, .to = steps},
      .y = {.label = "probability", .logarithmic = true},
      .layers = {
          Curve{.label = "p ∝ √E L^2", .x = counted(o.steps), .y = p, .stroke = Stroke::kMarked},
          Curve{.label = "uniform",
                .x = {1, steps},
                .y = {1 / steps, 1 / steps},
                .stroke = Stroke::kDashed}}};
  Panel right{
      .title = "Variance of one estimate of the bound",
      .x = {.from = -0.6, .to = 2.6, .ticks = {{0, "uniform"}, {1, "pairs"}, {2, "p ∝ √E L^2"}}},
      .y = {.label = "nats^2", .from = 0.0, .to = 1.25 * std::max(uniform, antithetic)},
      .layers = {Histogram{.edges = {-0.35, 0.35}, .heights = {uniform}},
                 Histogram{.edges = {0.65, 1.35}, .heights = {antithetic}},
                 Histogram{.edges = {1.65, 2.35}, .heights = {importance}},
                 Curve{.label = "measured",
                       .x = {0, 1, 2},
                       .y = {variance_of(by_uniform).value,
                             2 * variance_of(mirrored).value,
                             variance_of(by_importance).value},
                       .stroke = Stroke::kPoints,
                       .colour = Colour::kBlack}}};
  findings.figure = {.title = "At which t to train", .columns = 2};
  findings.figure.panels = {left, right};
  return findings;
}

}  // namespace

Experiment time_sampling() {
  return make_experiment<TimeSamplingOptions>(
      {.name = "time-sampling",
       .topic = "Objective",
       .title = "Drawing t in proportion to the size of its loss estimates the bound with less "
                "variance.",
       .text =
           "One training step sees one t for each picture and estimates the sum over all. With t "
           "uniform the "
           "estimate is T·L_t. Improved DDPM draws t with p ∝ √E L² and divides by T·p, which "
           "leaves "
           "the mean and here makes fifteen draws of one. Pairs t, T+1−t, as DDIM's trainer takes "
           "them, change nothing: what varies is the size of L_t and not which half t is in. For "
           "Gaussian data and the best network all three variances are exact. Whatever the "
           "distribution, t is drawn anew each step: training does not go from easy to hard.",
       .shows = {"uniform, antithetic and second-moment sampling of t, with their variances",
                 "t does not follow the course of training"}},
      run);
}

}  // namespace tessera::lab
