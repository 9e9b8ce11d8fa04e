#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/editing.h"
#include "lab/affine_chain.h"
#include "lab/draws.h"
#include "lab/experiments/editing.h"
#include "lab/pictures.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kSharedNoiseVariance = 0.25;

struct SharedNoiseOptions {
  std::int64_t pictures = 400;
  std::int64_t pairs = 3000;
  std::uint64_t seed = 9;
};
template <typename Visitor>
void visit_fields(Visitor& v, SharedNoiseOptions& o) {
  v("pictures", o.pictures, "scenes that the figure's data consist of");
  v("pairs", o.pairs, "pairs of numbers that share their x_t, in hundreds");
  v("seed", o.seed, "seed of all noise");
}

std::vector<TimeStep> every_step_from(const GaussianSampler& sampler, std::int64_t t) {
  return plan_from(sampler.plan({.trained = 1000, .wanted = 1000}), t);
}

/// Correlation of two decodes of one x_t, by drawing them.
Estimate drawn_correlation(const SharedNoiseOptions& options, std::int64_t t) {
  const World world = normal_world(make_gaussian_schedule({}),
                                   0,
                                   kSharedNoiseVariance,
                                   {.variance = GaussianVariance::kDiagonal});
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  const double a = world.process.schedule().alpha_bar[static_cast<std::size_t>(t)];
  // A picture of a hundred numbers is a hundred independent ones; every second picture is a twin.
  const std::int64_t pictures = options.pairs / 100;
  const at::Tensor x_t = draw_normal({.seed = options.seed}, {pictures, 100, 1, 1}) *
                         std::sqrt(a * kSharedNoiseVariance + 1 - a);
  const at::Tensor start = x_t.repeat_interleave(2, 0);
  const at::Tensor out =
      run_gaussian_chain({world.process, *world.denoiser, *sampler},
                         start,
                         {.threshold = unlimited(), .plan = every_step_from(*sampler, t)},
                         {.rng = nn::Rng::of_run(options.seed, 0, 2 * pictures)})
          .view({pictures, 2, 100});
  const at::Tensor product = out.select(1, 0) * out.select(1, 1);
  const Estimate mean = mean_of(product);
  const double variance = out.var().item<double>();
  return {.value = mean.value / variance, .standard_error = mean.standard_error / variance};
}

/// By how much x_t decides the outcome, measured by the response of the chain.
Moments from_exact_start(std::int64_t t, double start_variance) {
  const World world = normal_world(make_gaussian_schedule({}),
                                   0,
                                   kSharedNoiseVariance,
                                   {.variance = GaussianVariance::kDiagonal});
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  return measure_law({world.process, *world.denoiser, *sampler},
                     every_step_from(*sampler, t),
                     {0, start_variance});
}

/// One scene noised to t, then four pictures from it; a row for each t.
Panel sheet(const SharedNoiseOptions& options, const Run& context) {
  const at::Tensor scenes = scene_pictures(context.atlas, options.pictures, 32, SceneChoice::kAny);
  const World world = picture_world(make_gaussian_schedule({}), scenes);
  const auto sampler = make_gaussian_sampler("ancestral", {.variance = "small"});
  const auto whole = sampler->plan({.trained = 1000, .wanted = 100});
  const at::Tensor source = scenes.slice(0, 2, 3);
  std::vector<at::Tensor> rows;
  std::vector<std::string> names;
  for (const std::int64_t t : {1000, 750, 600, 500, 250}) {
    const at::Tensor eps = draw_normal({.seed = options.seed, .number = 50}, {1, 3, 32, 32});
    const at::Tensor x_t = world.process.q_sample(source, at::full({1}, t, at::kLong), eps);
    const at::Tensor out =
        run_gaussian_chain({world.process, *world.denoiser, *sampler},
                           x_t.expand({6, 3, 32, 32}).contiguous(),
                           {.threshold = unlimited(), .plan = plan_from(whole, t)},
                           {.rng = nn::Rng::of_run(options.seed, 0, 6)});
    rows.push_back(at::cat({source, x_t, out}));
    names.push_back(concat("t=", t));
  }
  return sheet_panel(at::cat(rows),
                     {.columns = 8, .enlarge = 1},
                     {"x_0", "x_t", "", "", "drawn from", "that x_t", "", ""},
                     names);
}

Findings run(const SharedNoiseOptions& options, const Run& context) {
  Findings findings;
  struct Case {
    std::int64_t t;
    double correlation;
    double mean_variance;
  };
  for (const Case& c : {Case{125, 0.57899622925, 0.14474905731},
                        Case{250, 0.21587341995, 0.053968354988},
                        Case{500, 0.020877329546, 0.0052193323866}}) {
    const GaussianSchedule schedule = make_gaussian_schedule({});
    const double a = schedule.alpha_bar[static_cast<std::size_t>(c.t)];
    const double wide = a * kSharedNoiseVariance + 1 - a;
    const double decided = from_exact_start(c.t, wide).variance - from_exact_start(c.t, 0).variance;
    findings.equal(
        concat("t=", c.t, ": variance that x_t decides"), decided, c.mean_variance, 1e-9);
    // The last step adds no noise, so the output lacks Var(x_0 | x_1).
    const double first = 1 - schedule.alpha_bar[1];
    const double lacking =
        kSharedNoiseVariance * first / (kSharedNoiseVariance * (1 - first) + first);
    findings.near(concat("t=", c.t, ": correlation of two decodes"),
                  drawn_correlation(options, c.t),
                  c.correlation * kSharedNoiseVariance / (kSharedNoiseVariance - lacking));
    context.check_stop();
  }
  findings.figure = {.title = "Sharing x_t: the later in the chain, the more alike"};
  findings.figure.panels = {sheet(options, context)};
  return findings;
}

}  // namespace

Experiment shared_noise() {
  return make_experiment<SharedNoiseOptions>(
      {.name = "shared-noise",
       .topic = "Using the chain",
       .title = "Pictures that share x_t share what x_t still holds: layout first, detail last.",
       .text =
           "A scene is noised to t and decoded six times with fresh noise. From t = 1000 anything "
           "comes; from the middle the large areas are settled; near 0 everything is (DDPM, "
           "figure 7). For Gaussian data two decodes have correlation ᾱ_t v/V_t. The data of the "
           "figure are a finite set of scenes with its exact network, so each result is one of "
           "them.",
       .shows = {"sharing x_t at different steps", "correlation of decodes against t"}},
      run);
}

}  // namespace tessera::lab
