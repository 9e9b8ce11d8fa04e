#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bernoulli.h"
#include "lab/draws.h"
#include "lab/experiments/nonequilibrium.h"
#include "lab/heartbeats.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr std::int64_t kLength = kHeartbeatLength;
constexpr double kActivity = kHeartbeatActivity;

struct HeartbeatOptions {
  std::int64_t sequences = 400;
  std::int64_t steps = 2000;
  std::uint64_t seed = 16;
};
template <typename Visitor>
void visit_fields(Visitor& v, HeartbeatOptions& o) {
  v("sequences", o.sequences, "sequences that the bound is measured on");
  v("steps", o.steps, "steps T of the chain that the figure samples");
  v("seed", o.seed, "seed of all draws");
}

/// Σ KL over t = 2..T of each sequence, bits.
at::Tensor divergences(const BernoulliProcess& process,
                       const HeartbeatOptions& options,
                       const Run& context) {
  const at::Tensor phase =
      (draw_uniform({.seed = options.seed}, {options.sequences}) * kHeartbeatPeriod).to(at::kLong);
  const at::Tensor x0 = heartbeats().index_select(0, phase);
  const nn::Rng rng = nn::Rng::of_run(options.seed, 0, options.sequences);
  at::Tensor sum = at::zeros({options.sequences}, at::kDouble);
  for (std::int64_t t = 2; t <= process.steps(); ++t) {
    if (t % 200 == 0) context.report("steps", t, process.steps());
    const at::Tensor time = at::full({options.sequences}, t, at::kLong);
    const at::Tensor x_t = process.draw(process.marginal(x0, time), rng, t).to(at::kDouble);
    sum += bernoulli_kl(process.posterior(x0, x_t, time, time - 1),
                        process.reverse(heartbeat_answer(process, x_t, t), x_t, time, time - 1))
               .sum(1);
  }
  return sum / std::numbers::ln2;
}

/// Reverse chains from noise; [T + 1, B, 20] where kept every `stride` steps.
struct Trajectory {
  at::Tensor last{};
  std::vector<at::Tensor> kept{};
};
Trajectory sample(const BernoulliProcess& process,
                  const HeartbeatOptions& options,
                  std::int64_t count,
                  std::int64_t stride) {
  const nn::Rng rng = nn::Rng::of_run(options.seed + 1, 0, count);
  at::Tensor x =
      process.draw(at::full({count, kLength}, kActivity, at::kDouble), rng, 0).to(at::kDouble);
  Trajectory out{.kept = {x}};
  for (std::int64_t t = process.steps(); t >= 1; --t) {
    const at::Tensor time = at::full({count}, t, at::kLong);
    const at::Tensor on = process.reverse(heartbeat_answer(process, x, t), x, time, time - 1);
    x = process.draw(on, rng, process.steps() - t + 1).to(at::kDouble);
    if ((t - 1) % stride == 0) out.kept.push_back(x);
  }
  out.last = x;
  return out;
}

Panel trajectory_panel(const Trajectory& trajectory, const HeartbeatOptions& options) {
  const auto rows = static_cast<std::int64_t>(trajectory.kept.size());
  std::vector<double> cells;
  for (const at::Tensor& x : trajectory.kept) {
    for (const std::int64_t chain : {0, 1, 2}) {
      for (const double bit : numbers_of(x[chain])) cells.push_back(bit);
      if (chain < 2) cells.insert(cells.end(), 2, 0.5);
    }
  }
  Panel panel{.title = "three sequences of 20 bits on their way from noise (top) to data",
              .x = {.hidden = true, .from = -0.5, .to = 63.5},
              .y = {.label = "step t", .from = 0, .to = static_cast<double>(options.steps)},
              .legend = Legend::kNone};
  panel.layers.emplace_back(HeatMap{.columns = 64,
                                    .rows = rows,
                                    .values = std::move(cells),
                                    .x_first = 0,
                                    .x_last = 63,
                                    .y_first = static_cast<double>(options.steps),
                                    .y_last = 0});
  return panel;
}

Panel bound_panel() {
  Panel panel{.title = "K: what the model explains, bits a sequence",
              .x = {.label = "steps T", .logarithmic = true, .from = 15, .to = 3000},
              .y = {.label = "bits", .from = -5, .to = -2},
              .legend = Legend::kBottomRight};
  const std::vector<double> steps{20, 100, 500, 2000};
  panel.layers.emplace_back(
      Curve{.label = "no factorised model exceeds, fixed edge",
            .x = steps,
            .y = {-4.842574784286, -2.9736993719706915, -2.4819625106327097, -2.3683348080616793},
            .stroke = Stroke::kMarked});
  panel.layers.emplace_back(
      Curve{.label = "the same, last step learned",
            .x = steps,
            .y = {-2.580715853621762, -2.3717880515694474, -2.3318225330883022, -2.324398081459711},
            .stroke = Stroke::kMarked});
  panel.layers.emplace_back(Curve{.label = "-log_2 5, the truth",
                                  .x = {15, 3000},
                                  .y = {-std::log2(5.0), -std::log2(5.0)},
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kBlack});
  panel.layers.emplace_back(Curve{.label = "published, T = 2000",
                                  .x = {2000},
                                  .y = {-2.414},
                                  .stroke = Stroke::kPoints,
                                  .colour = Colour::kVermilion});
  return panel;
}

Findings run(const HeartbeatOptions& options, const Run& context) {
  Findings findings;
  struct Case {
    std::int64_t steps;
    double divergence;
    double bound;
  };
  // Over all 3125 states of the counts, for any factorised reverse process.
  for (const Case& c : {Case{20, 2.580715853621762, -4.842574784286},
                        Case{100, 2.3717880515694474, -2.9736993719706915},
                        Case{2000, 2.324398081459711, -2.3683348080616793}}) {
    if (c.steps > 100 && !context.full()) continue;
    const BernoulliProcess process = heartbeat_chain(c.steps);
    const Estimate sum = mean_of(divergences(process, options, context));
    findings.near(concat("T=", c.steps, ": ΣKL, bits"), sum, c.divergence);
    findings.near(
        concat("T=", c.steps, ": K with the edge rule of 2015, bits"),
        {.value = heartbeat_edge_bits(process) - sum.value, .standard_error = sum.standard_error},
        c.bound);
  }
  // p(x_0 | x_1) := q(x_1 | x_0) is no distribution of x_0 when the noise's activity is not 1/2;
  // with π(x_0)/π(x_1) it is one.
  const BernoulliProcess twenty = heartbeat_chain(20);
  const at::Tensor first = twenty.marginal(tensor_of({0, 1}), at::ones({2}, at::kLong));
  const double zero = first[0].item<double>();
  const double one = first[1].item<double>();
  findings.equal("T=20: q(x_1=1 | x_0) summed over x_0", zero + one, 0.97, 1e-12);
  findings.equal("the same with π(x_0)/π(x_1)",
                 (zero * (1 - kActivity) + one * kActivity) / kActivity,
                 1,
                 1e-12);
  // With a noise activity of 0.2 the edge rule is no proper last step, and costs bits.
  findings.at_least("T=2000: bits that a learned last step saves over the edge rule",
                    -(heartbeat_edge_bits(heartbeat_chain(2000))),
                    0.04);
  const std::int64_t stride = std::max<std::int64_t>(1, options.steps / 100);
  const Trajectory trajectory =
      sample(heartbeat_chain(options.steps), options, context.full() ? 500 : 40, stride);
  const double valid = heartbeat_share(trajectory.last);
  findings.at_least("share of samples that are heartbeats", valid, 0.9);
  findings.figure = {.title = "Heartbeat: a one in every fifth place", .columns = 2};
  findings.figure.panels = {trajectory_panel(trajectory, options), bound_panel()};
  findings.notes.push_back(
      concat("The data have log₂ 5 = 2.3219 bits; the published model reached K = ",
             "-2.414 at T = 2000, 0.046 bits below what any factorised model can."));
  return findings;
}

}  // namespace

Experiment heartbeat() {
  return make_experiment<HeartbeatOptions>(
      {.name = "heartbeat",
       .topic = "Nonequilibrium thermodynamics",
       .title =
           "Binary sequences with a beat in every fifth place: a bound that can be known exactly.",
       .text =
           "Five equally likely sequences of 20 bits (Sohl-Dickstein et al. 2015, figure 2). The "
           "best factorised reverse step is the average of the posteriors over the five, so the "
           "least ΣKL is a sum over count states, and the bound K an exact ceiling for every "
           "network. The rule of 2015 for the last step, p(x_0 | x_1) = q(x_1 | x_0)π(x_0)/π(x_1), "
           "costs bits; reading it as q(x_1 | x_0) is not even the same rule when the noise's "
           "activity is 0.2.",
       .shows = {"heartbeat sequences",
                 "K in bits against the exact optimum",
                 "the edge rule against a learned last step"}},
      run);
}

}  // namespace tessera::lab
