#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/sampler.h"
#include "lab/affine_chain.h"
#include "lab/experiments/samplers.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "lab/tiny_network.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kLearnedRangeVariance = 0.25;

struct LearnedRangeOptions {
  std::int64_t rounds = 800;
};
template <typename Visitor>
void visit_fields(Visitor& v, LearnedRangeOptions& o) {
  v("rounds", o.rounds, "steps of gradient descent on the learned variance");
}

/// The share of ln beta in the best ln sigma^2, in plain code.
double best_share(const GaussianSchedule& schedule, std::int64_t t) {
  const double above = schedule.beta[static_cast<std::size_t>(t)];
  const double alpha_bar = schedule.alpha_bar[static_cast<std::size_t>(t)];
  const double before = schedule.alpha_bar[static_cast<std::size_t>(t - 1)];
  const double below = above * (1 - before) / (1 - alpha_bar);
  const double coefficient = above * std::sqrt(before) / (1 - alpha_bar);
  const double spread =
      kLearnedRangeVariance * (1 - alpha_bar) / (alpha_bar * kLearnedRangeVariance + 1 - alpha_bar);
  return std::log((below + coefficient * coefficient * spread) / below) / std::log(above / below);
}

struct LearnedRangeLearned {
  std::vector<std::int64_t> times{};
  std::vector<double> share{};
  double mean_gradient = 0;  // of the bound's part of the hybrid loss, on the predicted mean
};

/// One number a time, the second half of the answer, learned by the hybrid loss; the first half is
/// the best network's.
LearnedRangeLearned learn(const LearnedRangeOptions& options) {
  LearnedRangeLearned out{.times = {2, 3, 5, 10, 20, 50, 100, 250}};
  const World world = normal_world(make_gaussian_schedule({}), 0, kLearnedRangeVariance);
  const auto count = static_cast<std::int64_t>(out.times.size());
  const PairDesign pair = pair_design(kLearnedRangeVariance);
  const at::Tensor t = at::tensor(out.times, at::kLong).repeat_interleave(2);
  const at::Tensor x0 = pair.x0.repeat({count, 1, 1, 1});
  const at::Tensor noise = pair.noise.repeat({count, 1, 1, 1});
  const at::Tensor x_t = world.process.q_sample(x0, t, noise);
  at::Tensor eps = world.denoiser->forward(x_t, t, {}).detach().clone();
  const at::Tensor raw = at::zeros({count}, at::kDouble);
  const AnswerKind kind{.variance = GaussianVariance::kRange};
  const GaussianLossOptions hybrid{.objective = "hybrid", .decoder = "continuous"};
  const auto loss_of = [&](const GaussianLossOptions& what) {
    const at::Tensor second = raw.repeat_interleave(2).view({-1, 1, 1, 1});
    return gaussian_loss(world.process,
                         {.x0 = x0, .noise = noise, .t = t, .answer = at::cat({eps, second}, 1)},
                         kind,
                         what);
  };
  Adam adam({raw});
  for (std::int64_t i = 0; i < options.rounds; ++i) {
    const double left = 1 - static_cast<double>(i) / static_cast<double>(options.rounds);
    adam.minimise(loss_of(hybrid).bound.sum(), 0.05 * left * left);
  }
  for (const double value : numbers_of(raw)) out.share.push_back((value + 1) / 2);
  eps.requires_grad_(true);
  loss_of(hybrid).total.sum().backward();
  const at::Tensor of_hybrid = eps.mutable_grad().clone();
  eps.mutable_grad().zero_();
  gaussian_loss(world.process, {.x0 = x0, .noise = noise, .t = t, .answer = eps}, {}, {})
      .total.sum()
      .backward();
  out.mean_gradient = largest_difference(of_hybrid, eps.mutable_grad());
  return out;
}

enum class Kind : unsigned char { kLarge, kSmall, kBest };
constexpr Kind kKinds[] = {Kind::kLarge, Kind::kSmall, Kind::kBest};
const char* name_of(Kind kind) {
  return kind == Kind::kLarge ? "β" : kind == Kind::kSmall ? "β̃" : "learned";
}
GaussianVariance variance_of_kind(Kind kind) {
  return kind == Kind::kLarge   ? GaussianVariance::kLarge
         : kind == Kind::kSmall ? GaussianVariance::kSmall
                                : GaussianVariance::kDiagonal;
}

GaussianSchedule even_strides(std::int64_t steps) {
  std::vector<std::int64_t> times;
  for (std::int64_t i = 1; i <= steps; ++i) times.push_back(i * 1000 / steps);
  return strided_schedule(make_gaussian_schedule({}), times);
}

/// The bound of a chain of `steps` strides with the best mean, bits a dimension.
double bound_bits(std::int64_t steps, Kind kind) {
  const World world = normal_world(
      even_strides(steps), 0, kLearnedRangeVariance, {.variance = variance_of_kind(kind)});
  return normal_bound(world, kLearnedRangeVariance) / std::numbers::ln2;
}

/// The same from the formulas: term t = 1/2 (ln s/b + b/s - 1) + c^2 w / 2s.
double exact_bits(std::int64_t steps, Kind kind) {
  const GaussianSchedule schedule = even_strides(steps);
  const auto value = [&](std::int64_t t) {
    const double a = schedule.alpha_bar[static_cast<std::size_t>(t)];
    const double before = schedule.alpha_bar[static_cast<std::size_t>(t - 1)];
    const double beta = 1 - a / before;
    struct Step {
      double beta, small, error;
    };
    return Step{beta,
                beta * (1 - before) / (1 - a),
                beta * beta * before / (1 - a) * kLearnedRangeVariance /
                    (a * kLearnedRangeVariance + 1 - a)};
  };
  const auto sigma = [&](std::int64_t t) {
    const auto s = value(t);
    if (kind == Kind::kBest) return s.small + s.error;
    if (t == 1) return value(2).small;
    return kind == Kind::kLarge ? s.beta : s.small;
  };
  const double last = schedule.alpha_bar.back();
  double nats = 0.5 * (last * kLearnedRangeVariance - last - std::log(1 - last)) +
                0.5 * (std::log(2 * std::numbers::pi * sigma(1)) + value(1).error / sigma(1));
  for (std::int64_t t = 2; t <= steps; ++t) {
    const auto s = value(t);
    nats +=
        0.5 * (std::log(sigma(t) / s.small) + s.small / sigma(t) - 1) + s.error / (2 * sigma(t));
  }
  return nats / std::numbers::ln2;
}

double output_variance(std::int64_t steps, Kind kind) {
  const World world = normal_world(
      even_strides(steps), 0, kLearnedRangeVariance, {.variance = variance_of_kind(kind)});
  const auto sampler = make_gaussian_sampler("ancestral", {}, variance_of_kind(kind));
  return measure_law({world.process, *world.denoiser, *sampler},
                     sampler->plan({.trained = steps, .wanted = steps}),
                     {0, 1})
      .variance;
}

Panel share_panel(const LearnedRangeLearned& learned) {
  Panel panel{.title = "σ^2 = β^f β̃^{1-f}: the best f",
              .x = {.label = "step t", .logarithmic = true, .from = 1.7, .to = 1000},
              .y = {.label = "f", .from = 0, .to = 1.25}};
  const GaussianSchedule schedule = make_gaussian_schedule({});
  Curve exact{.label = "closed form"};
  for (const double t : geometric(2, 1000, 60)) {
    exact.x.push_back(std::round(t));
    exact.y.push_back(best_share(schedule, std::lround(t)));
  }
  Curve points{
      .label = "learned by the hybrid loss", .y = learned.share, .stroke = Stroke::kPoints};
  for (const std::int64_t t : learned.times) points.x.push_back(static_cast<double>(t));
  panel.layers = {exact, points};
  return panel;
}

template <typename F>
Panel sweep_panel(const std::string& title, const std::string& axis, F value, double truth) {
  Panel panel{.title = title,
              .x = {.label = "strides S", .logarithmic = true, .from = 4, .to = 220},
              .y = {.label = axis}};
  for (const Kind kind : kKinds) {
    Curve curve{.label = name_of(kind), .stroke = Stroke::kMarked};
    for (const std::int64_t steps : {5, 10, 20, 50, 100, 200}) {
      curve.x.push_back(static_cast<double>(steps));
      curve.y.push_back(value(steps, kind));
    }
    panel.layers.emplace_back(std::move(curve));
  }
  panel.layers.emplace_back(Curve{.label = "data",
                                  .x = {4, 220},
                                  .y = {truth, truth},
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kBlack});
  return panel;
}

Findings run(const LearnedRangeOptions& options, const Run& /*context*/) {
  Findings findings;
  const LearnedRangeLearned learned = learn(options);
  const GaussianSchedule schedule = make_gaussian_schedule({});
  for (std::size_t i = 0; i < learned.times.size(); ++i) {
    findings.equal(concat("t=", learned.times[i], ": learned f"),
                   learned.share[i],
                   best_share(schedule, learned.times[i]),
                   2e-3);
  }
  findings.equal("hybrid loss: gradient on the mean that L_simple does not give",
                 learned.mean_gradient,
                 0,
                 1e-12);
  for (const Kind kind : kKinds) {
    findings.equal(concat("10 strides, σ^2 = ", name_of(kind), ": bound, bits/dim"),
                   bound_bits(10, kind),
                   exact_bits(10, kind),
                   1e-9);
  }
  const double last = schedule.alpha_bar.back();
  const double total = last * kLearnedRangeVariance + 1 - last;
  const double entropy =
      0.5 * std::log2(2 * std::numbers::pi * std::numbers::e * kLearnedRangeVariance);
  findings.equal("50 strides, best σ^2: bound = entropy of the data, bits/dim",
                 bound_bits(50, Kind::kBest),
                 entropy + 0.5 * (total - 1 - std::log(total)) / std::numbers::ln2,
                 1e-9);
  findings.figure = {.title = "Improved DDPM: what a learned variance buys", .columns = 3};
  findings.figure.panels = {
      share_panel(learned),
      sweep_panel("bound with few strides", "bits a dimension", bound_bits, entropy),
      sweep_panel("samples with few strides",
                  "variance of the output",
                  output_variance,
                  kLearnedRangeVariance)};
  return findings;
}

}  // namespace

Experiment learned_range() {
  return make_experiment<LearnedRangeOptions>(
      {.name = "learned-range",
       .topic = "Samplers",
       .title = "A learned variance between β̃ and β makes few strides as good as many.",
       .text =
           "Improved DDPM lets the network place ln σ² between ln β̃ and ln β. The hybrid loss "
           "L_simple + 0.001 L_vlb holds the mean fixed in the second part, so it teaches only "
           "that place f; for Gaussian data the best f is known, and gradient descent finds it. "
           "With the best variance the bound is the entropy of the data for any number of "
           "strides, and the samples lack only the noise that the last step leaves out; with β or "
           "β̃ alone both need a thousand steps.",
       .shows = {"learned range and hybrid loss",
                 "strided sampling and strided bounds",
                 "variance matters for bits and for few steps"}},
      run);
}

}  // namespace tessera::lab
