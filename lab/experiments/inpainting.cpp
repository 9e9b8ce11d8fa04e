#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/editing.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/affine_chain.h"
#include "lab/draws.h"
#include "lab/experiments/editing.h"
#include "lab/pictures.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct InpaintingOptions {
  std::int64_t pictures = 500;
  std::uint64_t seed = 11;
};
template <typename Visitor>
void visit_fields(Visitor& v, InpaintingOptions& o) {
  v("pictures", o.pictures, "scenes that the figure's data consist of");
  v("seed", o.seed, "seed of all noise");
}

/// Two numbers of variance 1 and correlation 0.8; the first is known to be 1.
Moments filled_in(KnownRule rule) {
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const GaussianProcess process(schedule);
  const auto denoiser = make_gaussian_data_denoiser(
      schedule,
      {.mean = at::zeros({2}, at::kDouble),
       .covariance = at::tensor({1.0, 0.8, 0.8, 1.0}, at::kDouble).view({2, 2})},
      {.variance = GaussianVariance::kDiagonal});
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  const KnownRegion known{.x0 = at::tensor({1.0, 0.0}, at::kDouble).view({1, 2, 1, 1}),
                          .keep = at::tensor({1, 0}, at::kLong).to(at::kBool).view({1, 2, 1, 1}),
                          .rule = rule};
  // Rows: nothing; the unknown at 1; its noise at 1; the noise of the known part at 1.
  const at::Tensor x = at::tensor({0., 0., 0., 1., 0., 0., 0., 0.}, at::kDouble).view({4, 2, 1, 1});
  const at::Tensor step_noise =
      at::tensor({0., 0., 0., 0., 0., 1., 0., 0.}, at::kDouble).view({4, 2, 1, 1});
  const at::Tensor known_noise =
      at::tensor({0., 0., 0., 0., 0., 0., 1., 0.}, at::kDouble).view({4, 2, 1, 1});
  Moments law{0, 1};
  const AnswerKind kind{.variance = GaussianVariance::kDiagonal};
  for (const TimeStep& time : sampler->plan({.trained = 1000, .wanted = 1000})) {
    const at::Tensor held = impose_known(process, x, known, time.from, known_noise);
    const at::Tensor t = at::full({4}, time.from, at::kLong);
    const GaussianSamplerInput input{
        .estimate = make_estimate(
            process, denoiser->forward(held, t, {}), kind, {.x_t = held, .t = t}, unlimited()),
        .x_t = held,
        .time = time,
        .normals = step_noise};
    GaussianSamplerState state;
    const std::vector<double> out =
        numbers_of(sampler->step(process, input, state, {}).view({4, 2}).select(1, 1));
    const AffineStep step{.slope = out[1] - out[0], .offset = out[0], .noise = out[2] - out[0]};
    law = step.carry(law);
    law.variance += (out[3] - out[0]) * (out[3] - out[0]);
  }
  return law;
}

/// Var(x_0 | x_1, the known number at its place), which the last step would add.
double last_noise() {
  const double a = make_gaussian_schedule({}).alpha_bar[1];
  // Posterior covariance of two numbers after observing √ᾱ x + noise: (S⁻¹ + ᾱ/(1-ᾱ) I)⁻¹.
  const double precision = a / (1 - a);
  const double one = 1 / (1 / 1.8 + precision);
  const double other = 1 / (1 / 0.2 + precision);
  return 0.5 * (one + other);
}

Panel law_panel(const Moments& clamp, const Moments& renoise) {
  Panel panel{.title = "x_2 given x_1 = 1, correlation 0.8",
              .x = {.label = "x_2", .from = -2.2, .to = 3},
              .y = {.label = "density", .from = 0, .to = 0.85},
              .legend = Legend::kTopLeft};
  const std::vector<double> x = spaced(-2.2, 3, 300);
  const auto add = [&](const std::string& label, const Moments& law, Stroke stroke) {
    panel.layers.emplace_back(Curve{.label = label,
                                    .x = x,
                                    .y = values_of(
                                        [&](double at) {
                                          return std::exp(-(at - law.mean) * (at - law.mean) /
                                                          (2 * law.variance)) /
                                                 std::sqrt(2 * std::numbers::pi * law.variance);
                                        },
                                        x),
                                    .stroke = stroke});
  };
  add("truth", {0.8, 0.36}, Stroke::kDashed);
  add("known part held at x_0", clamp, Stroke::kLine);
  add("known part noised to t", renoise, Stroke::kLine);
  return panel;
}

/// Scenes that are not in the set, their right half filled in.
Panel sheet(const InpaintingOptions& options, const Run& context) {
  const at::Tensor scenes =
      scene_pictures(context.atlas, options.pictures + 4, 32, SceneChoice::kAny);
  const World world = picture_world(make_gaussian_schedule({}), scenes.slice(0, 4));
  const at::Tensor truth = scenes.slice(0, 0, 4);
  at::Tensor keep = at::ones({1, 1, 32, 32}, at::kBool);
  keep.slice(3, 14, 32).fill_(false);
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, 4)};
  const at::Tensor x_T = draw_prior(noise, {3, 32, 32}).to(at::kDouble);
  std::vector<at::Tensor> columns{
      truth, at::where(keep, truth, draw_normal({.seed = options.seed}, truth.sizes()))};
  for (const KnownRule rule : {KnownRule::kClamp, KnownRule::kRenoise}) {
    const KnownRegion known{.x0 = truth, .keep = keep, .rule = rule};
    const at::Tensor start =
        impose_known(world.process,
                     x_T,
                     known,
                     1000,
                     draw_normal({.seed = options.seed, .number = 3}, truth.sizes()));
    columns.push_back(
        run_gaussian_chain({world.process,
                            *world.denoiser,
                            *make_gaussian_sampler("ancestral", {.variance = "small"})},
                           start,
                           {.threshold = unlimited(),
                            .steps = 100,
                            .on_step = hold_known(world.process, known, noise)},
                           noise));
  }
  return sheet_panel(at::stack(columns, 1).flatten(0, 1),
                     {.columns = 4, .enlarge = 2},
                     {"before", "right half lost", "held at x_0", "noised to t"},
                     {});
}

Findings run(const InpaintingOptions& options, const Run& context) {
  Findings findings;
  const Moments clamp = filled_in(KnownRule::kClamp);
  const Moments renoise = filled_in(KnownRule::kRenoise);
  // By the recursion in 40 digits, the last step's noise included.
  findings.equal("known held at x_0: mean (truth 0.8)", clamp.mean, 0.6057612596673797, 1e-8);
  findings.equal("known held at x_0: variance (truth 0.36)",
                 clamp.variance + last_noise(),
                 0.49509446005209207,
                 1e-8);
  findings.equal("known noised to t: mean", renoise.mean, 0.4990458240610371, 1e-8);
  findings.equal(
      "known noised to t: variance", renoise.variance + last_noise(), 0.4953121861420884, 1e-8);
  findings.at_least("held at x_0: mean is wrong by", std::abs(clamp.mean - 0.8), 0.1);
  findings.figure = {.title = "Filling in what is lost", .columns = 2};
  findings.figure.panels = {law_panel(clamp, renoise), sheet(options, context)};
  return findings;
}

}  // namespace

Experiment inpainting() {
  return make_experiment<InpaintingOptions>(
      {.name = "inpainting",
       .topic = "Using the chain",
       .title = "Putting the known pixels back at every step fills in plausibly, but not exactly.",
       .text =
           "A delta on the known pixels should give the posterior of the rest. Both common rules, "
           "holding the known part at x_0 (Sohl-Dickstein 2015) or noising it to the level of t, "
           "are biased, even with a perfect network: the unknown part has already been drawn "
           "without looking. For two numbers of correlation 0.8 the error has an exact value. "
           "In the pictures (scenes that are not in the network's set) it shows as seams.",
       .shows = {"inpainting with a delta on known pixels", "the bias of both rules"}},
      run);
}

}  // namespace tessera::lab
