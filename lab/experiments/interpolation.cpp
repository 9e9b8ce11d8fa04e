#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/editing.h"
#include "lab/affine_chain.h"
#include "lab/draws.h"
#include "lab/experiments/editing.h"
#include "lab/pictures.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kInterpolationVariance = 0.25;

struct InterpolationOptions {
  std::int64_t pictures = 400;
  std::int64_t first = 2;
  std::int64_t second = 7;
  std::uint64_t seed = 10;
};
template <typename Visitor>
void visit_fields(Visitor& v, InterpolationOptions& o) {
  v("pictures", o.pictures, "scenes that the figure's data consist of");
  v("first", o.first, "number of the scene on the left");
  v("second", o.second, "number of the scene on the right");
  v("seed", o.seed, "seed of the noise, the same for every λ");
}

/// Variance of what comes out where two independent x_t are mixed by halves, without the last
/// step's noise.
double mixed_variance(const World& world, std::int64_t t, double lambda) {
  const auto sampler = make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal);
  const double a = world.process.schedule().alpha_bar[static_cast<std::size_t>(t)];
  // Two unit states mixed by the library's rule: what is left of their variance.
  const at::Tensor left = at::tensor({1.0, 0.0}, at::kDouble).view({2, 1, 1, 1});
  const double share = lerp_states(left, 1 - left, lambda).square().sum().item<double>();
  return measure_law({world.process, *world.denoiser, *sampler},
                     plan_from(sampler->plan({.trained = 1000, .wanted = 1000}), t),
                     {0, share * (a * kInterpolationVariance + 1 - a)})
      .variance;
}

Panel sheet(const InterpolationOptions& options, const Run& context) {
  const at::Tensor scenes = scene_pictures(context.atlas, options.pictures, 32, SceneChoice::kAny);
  const World world = picture_world(make_gaussian_schedule({}), scenes);
  const auto sampler = make_gaussian_sampler("ancestral", {.variance = "small"});
  const auto whole = sampler->plan({.trained = 1000, .wanted = 100});
  const at::Tensor a = scenes[options.first].unsqueeze(0);
  const at::Tensor b = scenes[options.second].unsqueeze(0);
  const at::Tensor eps_a = draw_normal({.seed = options.seed, .number = 1}, {1, 3, 32, 32});
  const at::Tensor eps_b = draw_normal({.seed = options.seed, .number = 2}, {1, 3, 32, 32});
  // All λ of a row share every number of their noise: one stream for all.
  const std::vector<std::uint64_t> seeds(7, options.seed);
  std::vector<at::Tensor> rows;
  std::vector<std::string> names;
  for (const std::int64_t t : {1000, 700, 500, 350, 100}) {
    const at::Tensor time = at::full({1}, t, at::kLong);
    std::vector<at::Tensor> mixes;
    for (const double lambda : spaced(0, 1, 7)) {
      mixes.push_back(lerp_states(
          world.process.q_sample(a, time, eps_a), world.process.q_sample(b, time, eps_b), lambda));
    }
    rows.push_back(a);
    rows.push_back(run_gaussian_chain({world.process, *world.denoiser, *sampler},
                                      at::cat(mixes),
                                      {.threshold = unlimited(), .plan = plan_from(whole, t)},
                                      {.rng = nn::Rng::of_seeds(seeds)}));
    rows.push_back(b);
    names.push_back(concat("t=", t));
  }
  return sheet_panel(at::cat(rows),
                     {.columns = 9, .enlarge = 1},
                     {"x_0", "λ=0", "", "", "½", "", "", "1", "x'_0"},
                     names);
}

Findings run(const InterpolationOptions& options, const Run& context) {
  Findings findings;
  const World world = normal_world(make_gaussian_schedule({}),
                                   0,
                                   kInterpolationVariance,
                                   {.variance = GaussianVariance::kDiagonal});
  const double first = 1 - world.process.schedule().alpha_bar[1];
  const double lacking =
      kInterpolationVariance * first / (kInterpolationVariance * (1 - first) + first);
  struct Case {
    std::int64_t t;
    double variance;
  };
  for (const Case& c : {Case{125, 0.17762547134},
                        Case{250, 0.22301582251},
                        Case{500, 0.24739033381},
                        Case{1000, 0.24999873877}}) {
    findings.equal(concat("λ=½ at t=", c.t, ": variance of the output"),
                   mixed_variance(world, c.t, 0.5) + lacking,
                   c.variance,
                   1e-9);
  }
  findings.equal("λ=0 at t=250: variance",
                 mixed_variance(world, 250, 0) + lacking,
                 kInterpolationVariance,
                 1e-9);
  findings.figure = {.title = "Interpolation in x_t: coarse at large t, fine at small"};
  findings.figure.panels = {sheet(options, context)};
  findings.notes.push_back(
      "Mixing by halves keeps half of the noise's variance: small t come out "
      "blurred, which for numbers is the missing variance above.");
  return findings;
}

}  // namespace

Experiment interpolation() {
  return make_experiment<InterpolationOptions>(
      {.name = "interpolation",
       .topic = "Using the chain",
       .title =
           "Mixing two noised pictures and decoding: how far the noise reaches decides what mixes.",
       .text =
           "Both scenes are noised to t, mixed as (1-λ)x_t + λx'_t, and decoded with one noise for "
           "all λ (DDPM, figures 8 and 9). At small t the result is a cross-fade pulled back to "
           "the data; at large t whole attributes change between neighbours, and at T nothing "
           "is left of the sources. The mixture of independent noises has variance "
           "(1-λ)²+λ² instead of one, and the output lacks exactly what theory says.",
       .shows = {"interpolation in x_t", "coarse-to-fine interpolation"}},
      run);
}

}  // namespace tessera::lab
