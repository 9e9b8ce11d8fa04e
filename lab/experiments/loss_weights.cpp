#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/loss.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using diffusion::GaussianVariance;

struct LossWeightsOptions {
  double variance = 0.25;
  std::int64_t draws = 100000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, LossWeightsOptions& o) {
  v("variance", o.variance, "of the Gaussian data");
  v("draws", o.draws, "of the measured errors");
  v("seed", o.seed, "of the draws");
}

Panel weights_panel(Findings& findings, const diffusion::GaussianProcess& process) {
  const ReferenceChain chain(process.schedule().beta);
  const auto weight = [&](GaussianVariance kind, std::int64_t t) {
    return diffusion::bound_weight_of_noise(process, kind, t);
  };
  const auto exact = [&](bool large, std::int64_t t) {
    const double sigma2 = t == 1  ? chain.posterior_variance(2)
                          : large ? chain.beta(t)
                                  : chain.posterior_variance(t);
    return chain.beta(t) * chain.beta(t) / (2 * sigma2 * (1 - chain.beta(t)) * chain.lost(t));
  };
  // Fifty digits, t = 1, 2, 500.
  findings.equal("weight at t = 1", weight(GaussianVariance::kSmall, 1), 0.9169866068409847, 1e-10);
  findings.equal(
      "weight at t = 2, small", weight(GaussianVariance::kSmall, 2), 0.599671512159316, 1e-10);
  findings.equal(
      "weight at t = 2, large", weight(GaussianVariance::kLarge, 2), 0.2726920842780397, 1e-10);
  findings.equal("weight at t = 500, small",
                 weight(GaussianVariance::kSmall, 500),
                 0.005508196510549459,
                 1e-12);
  Curve small{.label = "bound, σ^2 = β̃"}, large{.label = "bound, σ^2 = β"},
      simple{.label = "L_{simple}, scaled to t = 500", .stroke = Stroke::kDashed};
  double worst = 0.0;
  for (std::int64_t t = 1; t <= process.steps(); ++t) {
    for (Curve* curve : {&small, &large, &simple}) curve->x.push_back(static_cast<double>(t));
    small.y.push_back(weight(GaussianVariance::kSmall, t));
    large.y.push_back(weight(GaussianVariance::kLarge, t));
    simple.y.push_back(0.0055);
    worst = std::max({worst,
                      std::abs(small.y.back() / exact(false, t) - 1),
                      std::abs(large.y.back() / exact(true, t) - 1)});
  }
  findings.equal("largest relative error of β²/(2σ²α(1−ᾱ)) over t", worst, 0.0, 1e-10);
  const double fall_small = small.y[1] / small.y[499];
  const double fall_large = large.y[1] / large.y[499];
  findings.equal("weight at t = 2 over that at 500, small",
                 fall_small,
                 exact(false, 2) / exact(false, 500),
                 1e-6);
  findings.equal("weight at t = 2 over that at 500, large",
                 fall_large,
                 exact(true, 2) / exact(true, 500),
                 1e-6);
  findings.at_least(
      "wrong: \"the bound favours high noise\": weight of low noise over it", fall_large, 40.0);
  return {.title = "Weight of the noise's squared error",
          .x = {.label = "t", .logarithmic = true, .from = 1.0, .to = 1000.0},
          .y = {.label = "weight", .logarithmic = true, .from = 0.002, .to = 2.0},
          .layers = {small, large, simple}};
}

/// Smallest reachable error of each answer, and what L_simple of the best network is.
Panel errors_panel(Findings& findings, const LossWeightsOptions& o, const Run& run) {
  const World world = normal_world(diffusion::make_gaussian_schedule({}), 0.0, o.variance);
  const ReferenceChain chain(world.process.schedule().beta);
  Curve noise{.label = "noise"}, data{.label = "data"}, velocity{.label = "velocity"},
      drawn{.label = "measured", .stroke = Stroke::kPoints, .colour = Colour::kGrey};
  for (std::int64_t t = 1; t <= 1000; ++t) {
    for (Curve* curve : {&noise, &data, &velocity}) curve->x.push_back(static_cast<double>(t));
    const double in_all = chain.variance(t, o.variance);
    noise.y.push_back(chain.kept(t) * o.variance / in_all);
    data.y.push_back(chain.data_variance_given(t, o.variance));
    velocity.y.push_back(o.variance / in_all);
  }
  std::uint32_t stream = 0;
  const auto loss_at = [&](const at::Tensor& t) {
    const at::Tensor x0 =
        as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, stream++}, {o.draws}));
    const at::Tensor eps = as_pictures(draw_normal({o.seed, stream++}, {o.draws}));
    const at::Tensor answer = world.denoiser->forward(world.process.q_sample(x0, t, eps), t, {});
    return diffusion::gaussian_loss(world.process, {x0, eps, t, answer}, {}, {}).total;
  };
  for (const std::int64_t t : {1, 10, 100, 300, 1000}) {
    run.report("errors", t, 1000);
    const Estimate error = mean_of(loss_at(times_of(t, o.draws)));
    findings.near(
        concat("smallest noise error at t = ", t), error, noise.y[static_cast<std::size_t>(t) - 1]);
    drawn.x.push_back(static_cast<double>(t));
    drawn.y.push_back(error.value);
  }
  double mean = 0.0;
  for (const double value : noise.y) mean += value / 1000;
  const at::Tensor any = (draw_uniform({o.seed, 99}, {o.draws}) * 1000).floor().to(at::kLong) + 1;
  findings.near("L_simple of the best network, t uniform", mean_of(loss_at(any)), mean);
  if (o.variance == 0.25) findings.equal("the same with fifty digits", mean, 0.173053406084, 1e-10);
  findings.at_least("wrong: \"noise is equally hard at every t\": error at t = 1 over that at 1000",
                    noise.y.front() / noise.y.back(),
                    1e4);
  return {.title = concat("Smallest reachable error, N(0, ", o.variance, ")"),
          .x = {.label = "t", .logarithmic = true, .from = 1.0, .to = 1000.0},
          .y = {.label = "mean squared error", .logarithmic = true, .from = 1e-5, .to = 2.0},
          .layers = {noise, data, velocity, drawn},
          .legend = Legend::kBottomRight};
}

Findings run(const LossWeightsOptions& options, const Run& context) {
  LossWeightsOptions o = options;
  if (context.full()) o.draws *= 10;
  Findings findings;
  findings.figure = {.title = "What L_{simple} leaves out", .columns = 2};
  findings.figure.panels.push_back(
      weights_panel(findings, diffusion::GaussianProcess(diffusion::make_gaussian_schedule({}))));
  findings.figure.panels.push_back(errors_panel(findings, o, context));
  return findings;
}

}  // namespace

Experiment loss_weights() {
  return make_experiment<LossWeightsOptions>(
      {.name = "loss-weights",
       .topic = "Objective",
       .title =
           "Dropping the bound's weight moves the effort from nearly clean pictures to noisy ones.",
       .text =
           "The bound weighs the noise error by β²/(2σ²α(1−ᾱ)), which is largest at small t: 50 or "
           "109 "
           "times what it is at t = 500. L_simple is flat. So it is the bound that cares for the "
           "last imperceptible details, and dropping the weight that frees the network for the "
           "rest. Right: the scale of the noise target is 1 at every t, but what a perfect network "
           "still gets wrong runs from 1 to 1e-5.",
       .shows = {"L_simple and its smallest value",
                 "what dropping the weight does",
                 "the bound's weight is on low noise, not on high",
                 "equal scale of the target is not equal difficulty"}},
      run);
}

}  // namespace tessera::lab
