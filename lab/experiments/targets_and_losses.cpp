#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/loss.h"
#include "lab/affine_chain.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/tiny_denoiser.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct TargetsAndLossesOptions {
  std::int64_t steps = 40;
  std::int64_t iterations = 500;
  std::int64_t batch = 192;
  double rate = 0.004;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        steps >= 10 && steps <= 1000, kInvalidArgument, "steps must be 10 to 1000, got ", steps);
    TESSERA_CHECK(iterations >= 50 && iterations <= 1000000,
                  kInvalidArgument,
                  "iterations must be 50 to 1e6, got ",
                  iterations);
    TESSERA_CHECK(batch >= 16 && batch <= 100000,
                  kInvalidArgument,
                  "batch must be 16 to 100000, got ",
                  batch);
    TESSERA_CHECK(
        rate > 0 && rate < 1, kInvalidArgument, "rate must be above 0, below 1, got ", rate);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, TargetsAndLossesOptions& o) {
  v("steps", o.steps, "T of the cosine schedule");
  v("iterations", o.iterations, "of each training");
  v("batch", o.batch, "data points an iteration");
  v("rate", o.rate, "learning rate at the start; it falls to 0");
  v("seed", o.seed, "of everything");
}

/// Data: lumps at ±0.9 of deviation 0.15, a third of it on the left.
constexpr double kTargetsAndLossesCentre = 0.9, kTargetsAndLossesWidth = 0.15, kLeft = 1.0 / 3.0;

at::Tensor draw_data(const Stream& stream, std::int64_t count) {
  const at::Tensor side =
      at::where(
          draw_uniform(stream, {count}) < kLeft, -kTargetsAndLossesCentre, kTargetsAndLossesCentre)
          .to(at::kDouble);
  return as_pictures(side + kTargetsAndLossesWidth * draw_normal(stream, {count}));
}

double target_density(double x) {
  const auto lump = [](double d) {
    return std::exp(-0.5 * d * d / (kTargetsAndLossesWidth * kTargetsAndLossesWidth)) /
           (kTargetsAndLossesWidth * std::sqrt(2 * std::numbers::pi));
  };
  return kLeft * lump(x + kTargetsAndLossesCentre) +
         (1 - kLeft) * lump(x - kTargetsAndLossesCentre);
}

double entropy_bits() {
  return integral(
      [](double x) {
        const double p = target_density(x);
        return p > 0 ? -p * std::log2(p) : 0.0;
      },
      -3,
      3,
      600);
}

struct TargetsAndLossesCase {
  std::string label{}, target{}, objective{};
};
const std::vector<TargetsAndLossesCase>& target_cases() {
  static const std::vector<TargetsAndLossesCase> all = {{"ε, simple", "noise", "simple"},
                                                        {"v, simple", "velocity", "simple"},
                                                        {"x_0, simple", "data", "simple"},
                                                        {"μ̃, simple", "mean", "simple"},
                                                        {"ε, bound", "noise", "bound"},
                                                        {"μ̃, bound", "mean", "bound"}};
  return all;
}

std::shared_ptr<TinyDenoiser> train(const diffusion::GaussianProcess& process,
                                    const TargetsAndLossesCase& c,
                                    const TargetsAndLossesOptions& o,
                                    const Run& run) {
  const auto target = diffusion::parse_gaussian_prediction(c.target);
  auto network = std::make_shared<TinyDenoiser>(
      TinyDenoiser::Shape{.numbers = 1, .width = 48, .steps = o.steps}, target, o.seed);
  Adam adam(network->network().parameters());
  for (std::int64_t i = 0; i < o.iterations; ++i) {
    if (i % 100 == 0) run.report("train " + c.label, i, o.iterations);
    const auto stream = static_cast<std::uint32_t>(4 * i);
    const at::Tensor x0 = draw_data({o.seed, stream}, o.batch);
    const at::Tensor t =
        (draw_uniform({o.seed, stream + 1}, {o.batch}) * static_cast<double>(o.steps))
            .floor()
            .to(at::kLong) +
        1;
    const at::Tensor noise = as_pictures(draw_normal({o.seed, stream + 2}, {o.batch}));
    const at::Tensor answer = network->forward(process.q_sample(x0, t, noise), t, {});
    const at::Tensor loss =
        diffusion::gaussian_loss(process,
                                 {x0, noise, t, answer},
                                 {.prediction = target},
                                 {.objective = c.objective, .decoder = "continuous"})
            .total.mean();
    const double left = 1 - static_cast<double>(i) / static_cast<double>(o.iterations);
    adam.minimise(loss, o.rate * left);
  }
  return network;
}

struct Score {
  Estimate bits{};
  double distance = 0.0;  // Wasserstein distance of samples and data, in one dimension
  at::Tensor samples{};
};

/// Mean distance of sorted samples from sorted data of the same number.
double transport(const at::Tensor& a, const at::Tensor& b) {
  return (std::get<0>(a.sort()) - std::get<0>(b.sort())).abs().mean().item<double>();
}

Score score(const diffusion::GaussianProcess& process,
            diffusion::GaussianDenoiser& network,
            const TargetsAndLossesOptions& o) {
  const std::int64_t count = 4000;
  Score out;
  diffusion::GaussianBound bound(
      process, network, {.decoder = "continuous", .threshold = unlimited()});
  const auto terms = bound.evaluate({draw_data({o.seed + 1, 0}, count), {}},
                                    nn::Rng::of_run(o.seed + 1, 0, count));
  out.bits = mean_of(terms.bits());
  const auto sampler = diffusion::make_gaussian_sampler("ancestral", {.variance = "small"});
  std::uint32_t stream = 1;
  diffusion::ChainOptions options{.threshold = unlimited()};
  options.normals = [&](const at::Tensor& x, const diffusion::TimeStep&) {
    return draw_normal({o.seed + 2, stream++}, x.sizes());
  };
  out.samples =
      as_numbers(diffusion::run_gaussian_chain({process, network, *sampler},
                                               as_pictures(draw_normal({o.seed + 2, 0}, {count})),
                                               options,
                                               {}));
  out.distance = transport(out.samples, as_numbers(draw_data({o.seed + 3, 0}, count)));
  return out;
}

Findings run(const TargetsAndLossesOptions& options, const Run& context) {
  TargetsAndLossesOptions o = options;
  if (context.full()) o.iterations *= 20;
  const diffusion::GaussianProcess process(
      diffusion::make_gaussian_schedule({.kind = "cosine", .steps = o.steps}));
  const double entropy = entropy_bits();
  Findings findings;
  Table table{.name = "ablation",
              .title = "targets and losses",
              .columns = {"target, loss", "bits", "distance of samples"}};
  Panel plane{
      .title = "Bits against samples",
      .x = {.label = "bits a dimension (bound)", .from = 0.0, .to = 4.0},
      .y = {.label = "distance of samples and data", .logarithmic = true, .from = 0.05, .to = 1.0},
      .legend = Legend::kTopRight};
  Panel shapes{.title = "Samples",
               .x = {.label = "x_0", .from = -2.0, .to = 2.0},
               .y = {.label = "density", .from = 0.0, .to = 2.2},
               .legend = Legend::kTopLeft};
  const auto grid = spaced(-2, 2, 400);
  shapes.layers.emplace_back(Band{.label = "data",
                                  .x = grid,
                                  .low = std::vector<double>(grid.size(), 0.0),
                                  .high = values_of(target_density, grid),
                                  .colour = Colour::kGrey});
  std::vector<Score> scores;
  for (const TargetsAndLossesCase& c : target_cases()) {
    const auto network = train(process, c, o, context);
    scores.push_back(score(process, *network, o));
    const Score& s = scores.back();
    findings.at_least(c.label + ": bits, not below the entropy",
                      s.bits.value,
                      entropy,
                      4.5 * s.bits.standard_error);
    table.rows.push_back({c.label, s.bits.value, s.distance});
    plane.layers.emplace_back(
        Curve{.label = c.label, .x = {s.bits.value}, .y = {s.distance}, .stroke = Stroke::kPoints});
    plane.x.to = std::max(*plane.x.to, std::ceil(s.bits.value + 0.5));
    if (c.label != "ε, simple" && c.label != "μ̃, simple") continue;
    const Histogram bars = histogram_of(s.samples, -2, 2, 50);
    Curve curve{.label = c.label};
    for (std::size_t i = 0; i < bars.heights.size(); ++i) {
      curve.x.push_back(0.5 * (bars.edges[i] + bars.edges[i + 1]));
      curve.y.push_back(bars.heights[i]);
    }
    shapes.layers.emplace_back(curve);
  }
  plane.layers.emplace_back(Curve{.label = "entropy of the data",
                                  .x = {entropy, entropy},
                                  .y = {0.05, 1.0},
                                  .stroke = Stroke::kDotted,
                                  .colour = Colour::kBlack});
  findings.at_most("ε, simple: distance of its samples", scores[0].distance, 0.15);
  if (!context.full()) {
    // After so few iterations; with many all of them come near the data.
    findings.at_least("μ̃, simple: worse samples than ε, simple by a factor",
                      scores[3].distance / scores[0].distance,
                      1.5);
    findings.at_most("ε: bits with the bound as loss − with the plain error",
                     scores[4].bits.value - scores[0].bits.value,
                     -0.5);
    findings.at_least("ε: worse samples with the bound as loss by a factor",
                      scores[4].distance / scores[0].distance,
                      1.5);
  }
  findings.tables.push_back(table);
  findings.figure = {
      .title = concat("Six trainings of one network, ", o.iterations, " iterations each"),
      .columns = 2};
  findings.figure.panels = {shapes, plane};
  return findings;
}

}  // namespace

Experiment targets_and_losses() {
  return make_experiment<TargetsAndLossesOptions>(
      {.name = "targets-and-losses",
       .topic = "Objective",
       .title = "Four targets and two losses for one small network: better bits do not mean "
                "better samples.",
       .text =
           "What DDPM's Table 2 does on pictures, in one dimension: a perceptron is trained for a "
           "short time with each target and with the plain squared error or the bound, and judged "
           "by the bound in bits and by the distance of its samples from the data. ε, x_0 and v "
           "work with the plain error, μ̃ does not. For ε the bound as loss gives the better bits "
           "and the worse samples: its weight is on the last, nearly clean steps.",
       .shows = {"which target to predict",
                 "bits against sample quality for the same network and different losses"}},
      run);
}

}  // namespace tessera::lab
