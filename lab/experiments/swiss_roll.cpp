#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/draws.h"
#include "lab/experiments/nonequilibrium.h"
#include "lab/series.h"
#include "lab/tiny_network.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kNoise = 0.05;          // of the roll
constexpr double kEntropyBits = 1.3910;  // of its density, by a grid of 3200 x 3200 points
const double kNullBits = -std::log2(2 * std::numbers::pi * std::numbers::e);

struct SwissRollOptions {
  std::int64_t steps = 40;
  std::int64_t units = 64;
  std::int64_t rounds = 500;
  std::uint64_t seed = 17;
};
template <typename Visitor>
void visit_fields(Visitor& v, SwissRollOptions& o) {
  v("steps", o.steps, "steps T of the chain, an even number");
  v("units", o.units, "radial basis functions of the network");
  v("rounds", o.rounds, "training steps of 400 points");
  v("seed", o.seed, "seed of data, weights and noise");
}

/// The curve at u in (0, 1), of mean 0 and mean variance 1 a coordinate: [n, 2].
at::Tensor roll(const at::Tensor& u) {
  const at::Tensor angle = 1.5 * std::numbers::pi * (1 + 2 * u);
  const at::Tensor x = (angle * angle.cos() - 2.0) / std::sqrt(46.09180564);
  const at::Tensor y = (angle * angle.sin() - 0.21220659) / std::sqrt(46.09180564);
  return at::stack({x, y}, 1) * std::sqrt(1 - kNoise * kNoise);
}

at::Tensor draw_roll(const Stream& stream, std::int64_t count) {
  const at::Tensor points = roll(draw_uniform(stream, {count}));
  return points + kNoise * draw_normal({stream.seed, stream.number + 1}, {count, 2});
}

at::Tensor as_pictures(const at::Tensor& points) {
  return points.view({-1, 2, 1, 1});
}

/// One hidden layer of normalised radial basis functions, shared by all steps; every step reads
/// x_0 and the place of its variance off it with weights of its own.
class RollNetwork final : public GaussianDenoiser {
 public:
  RollNetwork(const SwissRollOptions& options, const at::Tensor& data)
      : centres_(data.slice(0, 0, options.units).to(at::kFloat).clone()),
        log_width_(at::full({options.units}, -1.6, at::kFloat)),
        readout_((draw_normal({.seed = options.seed, .number = 9},
                              {options.steps + 1, options.units, 4}) *
                  0.05)
                     .to(at::kFloat)) {}

  at::Tensor forward(const at::Tensor& x_t, const at::Tensor& t, const nn::Condition&) override {
    const at::Tensor x = x_t.flatten(1).to(at::kFloat);
    const at::Tensor off = (x.unsqueeze(1) - centres_).square().sum(2);
    const at::Tensor active = (-0.5 * off * (-2 * log_width_).exp()).softmax(1);
    const at::Tensor read = at::matmul(active.unsqueeze(1), readout_.index_select(0, t)).squeeze(1);
    return at::cat({read.slice(1, 0, 2), read.slice(1, 2, 4).tanh()}, 1)
        .view({-1, 4, 1, 1})
        .to(x_t.scalar_type());
  }
  nn::Condition null_condition(std::int64_t) override { return {}; }
  GaussianPrediction prediction() const override { return GaussianPrediction::kData; }
  GaussianVariance variance() const override { return GaussianVariance::kRange; }
  std::vector<at::Tensor> weights() { return {centres_, log_width_, readout_}; }

 private:
  at::Tensor centres_;    // [units, 2]
  at::Tensor log_width_;  // [units]
  at::Tensor readout_;    // [T + 1, units, 4]
};

constexpr AnswerKind kKind{.prediction = GaussianPrediction::kData,
                           .variance = GaussianVariance::kRange};

std::vector<double> train(const GaussianProcess& process,
                          RollNetwork& network,
                          const SwissRollOptions& options,
                          const Run& context) {
  constexpr std::int64_t kBatch = 400;
  Adam adam(network.weights());
  std::vector<double> losses;
  const std::int64_t rounds = options.rounds * (context.full() ? 12 : 1);
  for (std::int64_t round = 0; round < rounds; ++round) {
    const auto number = static_cast<std::uint32_t>(1000 + 4 * round);
    const at::Tensor x0 = as_pictures(draw_roll({options.seed, number}, kBatch)).to(at::kFloat);
    const at::Tensor noise = draw_normal({options.seed, number + 2}, x0.sizes()).to(at::kFloat);
    const at::Tensor t =
        (draw_uniform({options.seed, number + 3}, {kBatch}) * static_cast<double>(options.steps))
            .to(at::kLong) +
        1;
    const at::Tensor answer = network.forward(process.q_sample(x0, t, noise), t, {});
    const GaussianLoss loss = gaussian_loss(process,
                                            {.x0 = x0, .noise = noise, .t = t, .answer = answer},
                                            kKind,
                                            {.objective = "bound", .decoder = "continuous"});
    const double left = 1 - static_cast<double>(round) / static_cast<double>(rounds);
    const at::Tensor mean = loss.total.mean();
    adam.minimise(mean, 0.05 * left + 0.001);
    if (round % 50 == 0) {
      losses.push_back(mean.item<double>());
      context.report("training", round, rounds);
    }
  }
  return losses;
}

/// K = -bound, bits of a point.
Estimate bound_bits(const GaussianProcess& process,
                    GaussianDenoiser& network,
                    const SwissRollOptions& options,
                    std::int64_t count) {
  const at::NoGradGuard no_grad;
  const at::Tensor x0 = as_pictures(draw_roll({options.seed, 3}, count));
  const BoundTerms terms =
      GaussianBound(process, network, {.decoder = "continuous", .threshold = unlimited()})
          .evaluate({.x0 = x0}, nn::Rng::of_run(options.seed, 0, count));
  return mean_of(-2 * terms.bits());
}

Panel cloud(const std::string& title, const at::Tensor& points) {
  Panel panel{.title = title,
              .x = {.hidden = true, .from = -3, .to = 3},
              .y = {.hidden = true, .from = -3, .to = 3},
              .legend = Legend::kNone,
              .equal_scales = true};
  panel.layers.emplace_back(Curve{.x = numbers_of(points.slice(0, 0, 500).select(1, 0)),
                                  .y = numbers_of(points.slice(0, 0, 500).select(1, 1)),
                                  .stroke = Stroke::kDots,
                                  .colour = Colour::kBlue});
  return panel;
}

/// Where the mean of a reverse step moves a point: [n, 2].
at::Tensor drift(const GaussianProcess& process,
                 GaussianDenoiser& network,
                 const at::Tensor& x,
                 std::int64_t t) {
  const at::NoGradGuard no_grad;
  const at::Tensor x_t = as_pictures(x);
  const at::Tensor time = at::full({x.size(0)}, t, at::kLong);
  const GaussianEstimate estimate =
      make_estimate(process,
                    network.forward(x_t, time, {}),
                    {.prediction = network.prediction(), .variance = network.variance()},
                    {.x_t = x_t, .t = time},
                    unlimited());
  return (process.posterior(estimate.x0, x_t, time, time - 1).mean - x_t).flatten(1);
}

Panel drift_panel(const GaussianProcess& process, GaussianDenoiser& network, std::int64_t t) {
  std::vector<double> grid;
  for (const double y : spaced(-2.6, 2.6, 14)) {
    for (const double x : spaced(-2.6, 2.6, 14)) grid.insert(grid.end(), {x, y});
  }
  const at::Tensor x = tensor_of(grid).view({-1, 2});
  at::Tensor arrow = drift(process, network, x, t);
  const at::Tensor length = arrow.norm(2, 1, true);
  arrow = arrow / length * 0.75 * (length / (length + length.median()));
  Panel panel = cloud(concat("drift of the step from t = ", t), x.slice(0, 0, 0));
  panel.layers.clear();
  panel.layers.emplace_back(Quiver{.x = numbers_of(x.select(1, 0)),
                                   .y = numbers_of(x.select(1, 1)),
                                   .dx = numbers_of(arrow.select(1, 0)),
                                   .dy = numbers_of(arrow.select(1, 1)),
                                   .colour = Colour::kVermilion});
  return panel;
}

double correlation(const at::Tensor& a, const at::Tensor& b) {
  return ((a * b).sum() / (a.norm() * b.norm())).item<double>();
}

Findings run(const SwissRollOptions& options, const Run& context) {
  Findings findings;
  const GaussianSchedule schedule =
      make_gaussian_schedule({.kind = "cosine", .steps = options.steps});
  const GaussianProcess process(schedule);
  RollNetwork network(options, draw_roll({options.seed, 5}, options.units));
  train(process, network, options, context);

  // The exact network: the roll as a row of small bells.
  constexpr std::int64_t kBells = 400;
  const at::Tensor bells = roll((at::arange(kBells, at::kDouble) + 0.5) / kBells);
  const auto exact =
      make_mixture_data_denoiser(schedule,
                                 {.means = as_pictures(bells),
                                  .variances = at::full({kBells}, kNoise * kNoise, at::kDouble),
                                  .weights = at::ones({kBells}, at::kDouble)},
                                 {.variance = GaussianVariance::kDiagonal});
  const Estimate of_exact = bound_bits(process, *exact, options, 400);
  const Estimate of_network = bound_bits(process, network, options, 2000);
  findings.at_most("K of the exact network, bits a point, below -h of the roll",
                   of_exact.value,
                   -kEntropyBits,
                   4.5 * of_exact.standard_error);
  findings.at_most("K of the trained network, below that of the exact one",
                   of_network.value,
                   of_exact.value,
                   4.5 * (of_exact.standard_error + of_network.standard_error));
  findings.at_least(
      "K of the trained network - that of the noise", of_network.value - kNullBits, 1.0);
  const std::int64_t half = options.steps / 2;
  const at::Tensor x0 = draw_roll({options.seed, 7}, 900);
  const auto noised = [&](std::int64_t t) {
    return process
        .q_sample(as_pictures(x0),
                  at::full({900}, t, at::kLong),
                  draw_normal({options.seed, 11}, {900, 2, 1, 1}))
        .flatten(1);
  };
  findings.at_least(concat("t=", half, ": correlation of learned and exact drift"),
                    correlation(drift(process, network, noised(half), half),
                                drift(process, *exact, noised(half), half)),
                    0.9);
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, 900)};
  const at::Tensor x_T = draw_prior(noise, {2, 1, 1}).to(at::kDouble);
  at::Tensor middle;
  const at::Tensor drawn = run_gaussian_chain(
      {process, network, *make_gaussian_sampler("ancestral", {}, GaussianVariance::kRange)},
      x_T,
      {.threshold = unlimited(),
       .on_step =
           [&](const ChainStep& step) {
             if (step.time.to == half) middle = step.x;
             return at::Tensor();
           }},
      noise);
  findings.figure = {.title = "Swiss roll: forward, reverse, drift", .columns = 3, .height = 1500};
  findings.figure.panels = {cloud("data, t = 0", x0),
                            cloud(concat("forward, t = ", half), noised(half)),
                            cloud(concat("forward, t = ", options.steps), noised(options.steps)),
                            cloud("reverse, t = 0", drawn.flatten(1)),
                            cloud(concat("reverse, t = ", half), middle.flatten(1)),
                            cloud(concat("noise, t = ", options.steps), x_T.flatten(1)),
                            drift_panel(process, network, 2),
                            drift_panel(process, network, half),
                            drift_panel(process, network, options.steps)};
  findings.notes.push_back(concat("K of the trained network ",
                                  of_network.value,
                                  " bits, of the exact one ",
                                  of_exact.value,
                                  ", ceiling ",
                                  -kEntropyBits,
                                  ", noise alone ",
                                  kNullBits,
                                  "."));
  return findings;
}

}  // namespace

Experiment swiss_roll() {
  return make_experiment<SwissRollOptions>(
      {.name = "swiss-roll",
       .topic = "Nonequilibrium thermodynamics",
       .title = "A network of radial basis functions learns to run diffusion backwards on a roll.",
       .text =
           "The first figure of Sohl-Dickstein et al. (2015): slices of the forward chain, slices "
           "of the learned reverse chain, and the drift f_μ(x, t) - x of the reverse mean. The "
           "network is one hidden layer of normalised radial basis functions with read-outs for "
           "each step, giving mean and diagonal variance, trained on the bound K. No K can "
           "exceed minus the entropy of the roll, 1.391 bits at noise 0.05; noise alone has "
           "-4.094.",
       .shows = {"swiss roll, three rows",
                 "radial basis network giving μ and Σ",
                 "K between the noise's and the data's entropy",
                 "the drift of the reverse step"}},
      run);
}

}  // namespace tessera::lab
