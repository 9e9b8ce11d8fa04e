#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/gaussian/bernoulli.h"
#include "lab/draws.h"
#include "lab/experiments/nonequilibrium.h"
#include "lab/heartbeats.h"
#include "lab/series.h"
#include "lab/tiny_network.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct LearnedHeartbeatOptions {
  std::int64_t steps = 100;
  std::int64_t width = 64;
  std::int64_t rounds = 350;
  std::uint64_t seed = 27;
};
template <typename Visitor>
void visit_fields(Visitor& v, LearnedHeartbeatOptions& o) {
  v("steps", o.steps, "steps T of the chain; the ceiling is known for 20, 100, 500 and 2000");
  v("width", o.width, "units of each of two hidden layers");
  v("rounds", o.rounds, "training steps of 256 sequences");
  v("seed", o.seed, "seed of data, weights and noise");
}

/// K that no factorised reverse process exceeds, bits a sequence; NaN where it was not worked out.
double ceiling_bits(std::int64_t steps) {
  switch (steps) {
    case 20:
      return -4.842574784286;
    case 100:
      return -2.9736993719706915;
    case 500:
      return -2.4819625106327097;
    case 2000:
      return -2.3683348080616793;
    default:
      return std::nan("");
  }
}

/// A perceptron that sees x_t and the time and answers P(x_0 = 1) of every place.
class BitNetwork {
 public:
  explicit BitNetwork(const LearnedHeartbeatOptions& options)
      : steps_(options.steps),
        network_({kHeartbeatLength + 2 * kTimes, options.width, options.width, kHeartbeatLength},
                 options.seed) {}
  at::Tensor operator()(const at::Tensor& x_t, const at::Tensor& t) const {
    const at::Tensor time = embed_time(t.to(at::kFloat) / static_cast<double>(steps_), kTimes);
    return network_(at::cat({2 * x_t.to(at::kFloat) - 1, time}, 1)).to(at::kDouble).sigmoid();
  }
  std::vector<at::Tensor> parameters() const { return network_.parameters(); }

 private:
  static constexpr std::int64_t kTimes = 6;
  std::int64_t steps_;
  TinyNetwork network_;
};

struct Batch {
  at::Tensor x0{}, x_t{}, t{};
};

/// Sequences noised to times 2..T, drawn evenly; `number` names the draw.
Batch draw_batch(const BernoulliProcess& process,
                 const LearnedHeartbeatOptions& options,
                 std::uint32_t number,
                 std::int64_t count) {
  const at::Tensor u = draw_uniform({options.seed, number}, {2, count});
  const at::Tensor x0 =
      heartbeats().index_select(0, (u[0] * static_cast<double>(kHeartbeatPeriod)).to(at::kLong));
  const at::Tensor t = (u[1] * static_cast<double>(options.steps - 1)).to(at::kLong) + 2;
  const at::Tensor x_t =
      process.draw(process.marginal(x0, t), nn::Rng::of_run(options.seed + number, 0, count), 0);
  return {.x0 = x0, .x_t = x_t.to(at::kDouble), .t = t};
}

/// ΣKL of each row, scaled from its one time to the sum over 2..T; bits.
at::Tensor divergence(const BernoulliProcess& process, const Batch& batch, const at::Tensor& p0) {
  const at::Tensor kl = bernoulli_kl(process.posterior(batch.x0, batch.x_t, batch.t, batch.t - 1),
                                     process.reverse(p0, batch.x_t, batch.t, batch.t - 1))
                            .sum(1);
  return kl * (static_cast<double>(process.steps() - 1) / std::numbers::ln2);
}

Estimate measured_bound(const BernoulliProcess& process,
                        const LearnedHeartbeatOptions& options,
                        const BitNetwork& network,
                        std::int64_t count) {
  const at::NoGradGuard no_grad;
  const Batch batch = draw_batch(process, options, 77, count);
  const Estimate sum = mean_of(divergence(process, batch, network(batch.x_t, batch.t)));
  return {.value = heartbeat_edge_bits(process) - sum.value, .standard_error = sum.standard_error};
}

at::Tensor sample(const BernoulliProcess& process,
                  const LearnedHeartbeatOptions& options,
                  const BitNetwork& network,
                  std::int64_t count) {
  const at::NoGradGuard no_grad;
  const nn::Rng rng = nn::Rng::of_run(options.seed + 1, 0, count);
  at::Tensor x =
      process.draw(at::full({count, kHeartbeatLength}, kHeartbeatActivity, at::kDouble), rng, 0)
          .to(at::kDouble);
  for (std::int64_t t = process.steps(); t >= 1; --t) {
    const at::Tensor time = at::full({count}, t, at::kLong);
    x = process
            .draw(
                process.reverse(network(x, time), x, time, time - 1), rng, process.steps() - t + 1)
            .to(at::kDouble);
  }
  return x;
}

Findings run(const LearnedHeartbeatOptions& options, const Run& context) {
  Findings findings;
  const BernoulliProcess process = heartbeat_chain(options.steps);
  const BitNetwork network(options);
  Adam adam(network.parameters());
  const std::int64_t rounds = options.rounds * (context.full() ? 20 : 1);
  std::vector<double> at_round, bound;
  for (std::int64_t round = 0; round < rounds; ++round) {
    const Batch batch = draw_batch(process, options, static_cast<std::uint32_t>(1000 + round), 256);
    const double left = 1 - static_cast<double>(round) / static_cast<double>(rounds);
    adam.minimise(divergence(process, batch, network(batch.x_t, batch.t)).mean(),
                  0.01 * left + 2e-4);
    if (round % std::max<std::int64_t>(1, rounds / 20) != 0) continue;
    context.report("training", round, rounds);
    at_round.push_back(static_cast<double>(round));
    bound.push_back(measured_bound(process, options, network, 2000).value);
  }
  const Estimate last = measured_bound(process, options, network, 20000);
  at_round.push_back(static_cast<double>(rounds));
  bound.push_back(last.value);
  const double ceiling = ceiling_bits(options.steps);
  // Noise alone: -20 H(0.2) bits.
  const double noise = 20 * (0.2 * std::log2(0.2) + 0.8 * std::log2(0.8));
  if (!std::isnan(ceiling)) {
    findings.at_most("K of the trained network, bits a sequence",
                     last.value,
                     ceiling,
                     4.5 * last.standard_error);
    findings.at_least("the same, near the ceiling",
                      last.value,
                      ceiling,
                      (context.full() ? 0.15 : 0.5) + 4.5 * last.standard_error);
  }
  findings.at_least("K of the trained network - that of noise", last.value - noise, 8);
  const at::Tensor drawn = sample(process, options, network, 400);
  const double share = heartbeat_share(drawn);
  findings.at_least("share of samples that are heartbeats", share, 0.8);
  // Noise has the data's activity at every time, so samples should have it too.
  findings.equal("ones in a sample, of 20", drawn.sum(1).mean().item<double>(), 4, 0.5);
  Panel curve{.title = concat("training the bound, T = ", options.steps),
              .x = {.label = "training step", .from = 0},
              .y = {.label = "K, bits a sequence", .from = -15, .to = -1.5},
              .legend = Legend::kBottomRight};
  curve.layers.emplace_back(
      Curve{.label = "network", .x = at_round, .y = bound, .stroke = Stroke::kMarked});
  curve.layers.emplace_back(Curve{.label = "ceiling of all factorised models",
                                  .x = {0, at_round.back()},
                                  .y = {ceiling, ceiling},
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kBlack});
  curve.layers.emplace_back(Curve{.label = "noise alone",
                                  .x = {0, at_round.back()},
                                  .y = {noise, noise},
                                  .stroke = Stroke::kDotted,
                                  .colour = Colour::kGrey});
  Panel samples{.title = concat("samples: ", std::lround(100 * share), "% are heartbeats"),
                .x = {.label = "place"},
                .y = {.label = "sample", .reversed = true},
                .legend = Legend::kNone};
  samples.layers.emplace_back(HeatMap{.columns = kHeartbeatLength,
                                      .rows = 24,
                                      .values = numbers_of(drawn.slice(0, 0, 24)),
                                      .x_first = 1,
                                      .x_last = 20,
                                      .y_first = 1,
                                      .y_last = 24});
  findings.figure = {.title = "A network learns the heartbeat", .panels = {curve, samples}};
  return findings;
}

}  // namespace

Experiment learned_heartbeat() {
  return make_experiment<LearnedHeartbeatOptions>(
      {.name = "learned-heartbeat",
       .topic = "Nonequilibrium thermodynamics",
       .title = "Training on bits: the bound climbs towards a ceiling that is known.",
       .text =
           "A perceptron with two hidden layers sees a noised sequence and the step, and answers "
           "the probability of a one at every place; the reverse step follows from the chain. It "
           "is trained on the divergences alone. Because the data are five known sequences, the "
           "best K of any such model is known, so what is missing is the network's error and "
           "nothing else.",
       .shows = {"training with the Bernoulli kernel", "K of a trained network below its ceiling"}},
      run);
}

}  // namespace tessera::lab
