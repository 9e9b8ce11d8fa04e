#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/chain.h"
#include "lab/affine_chain.h"
#include "lab/experiments/samplers.h"
#include "lab/pictures.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct DdimConsistencyOptions {
  std::int64_t pictures = 256;
  std::uint64_t seed = 5;
};
template <typename Visitor>
void visit_fields(Visitor& v, DdimConsistencyOptions& o) {
  v("pictures", o.pictures, "scenes that the figure's data consist of");
  v("seed", o.seed, "seed of the figure's x_T");
}

/// The share of the output's variance that x_T decides.
double explained(const World& world, std::int64_t steps, double eta) {
  const auto sampler = make_gaussian_sampler("ddim", {.eta = eta});
  const auto plan = sampler->plan({.trained = 1000, .wanted = steps});
  const ChainParts parts{world.process, *world.denoiser, *sampler};
  const double of_x_T =
      measure_law(parts, plan, {0, 1}).variance - measure_law(parts, plan, {0, 0}).variance;
  return of_x_T / measure_law(parts, plan, {0, 1}).variance;
}

/// The same with eta = 1 from the posterior's coefficients, data N(0, 1/4).
double exact_explained(std::int64_t steps) {
  const GaussianSchedule schedule = make_gaussian_schedule({});
  double slope = 1;
  double noise = 0;
  for (std::int64_t i = steps; i >= 1; --i) {
    const double a = schedule.alpha_bar[static_cast<std::size_t>(i * 1000 / steps)];
    const double s = schedule.alpha_bar[static_cast<std::size_t>((i - 1) * 1000 / steps)];
    const double beta = 1 - a / s;
    const double gain = beta * std::sqrt(s) / (1 - a) * std::sqrt(a) * 0.25 / (a * 0.25 + 1 - a) +
                        std::sqrt(a / s) * (1 - s) / (1 - a);
    slope *= gain;
    noise = gain * gain * noise + beta * (1 - s) / (1 - a);
  }
  return slope * slope / (slope * slope + noise);
}

Panel sheet(const DdimConsistencyOptions& options, const Run& context) {
  const at::Tensor scenes = scene_pictures(context.atlas, options.pictures, 32, SceneChoice::kAny);
  const World world = picture_world(make_gaussian_schedule({}), scenes);
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, 4)};
  const at::Tensor x_T = draw_prior(noise, {3, 32, 32}).to(at::kDouble);
  std::vector<at::Tensor> columns;
  std::vector<std::string> names;
  const auto add = [&](const std::string& name, double eta, std::int64_t steps) {
    columns.push_back(run_gaussian_chain(
        {world.process, *world.denoiser, *make_gaussian_sampler("ddim", {.eta = eta})},
        x_T,
        {.threshold = unlimited(), .steps = steps},
        noise));
    names.push_back(name);
  };
  for (const std::int64_t steps : {4, 6, 10, 20, 50}) add(concat("S=", steps), 0, steps);
  add("η=1, S=20", 1, 20);
  add("η=1, S=50", 1, 50);
  const at::Tensor all = at::stack(columns, 1).flatten(0, 1);  // row by row
  Panel panel = sheet_panel(
      all, {.columns = 7, .enlarge = 1}, names, {"1st x_T", "2nd x_T", "3rd x_T", "4th x_T"});
  return panel;
}

Findings run(const DdimConsistencyOptions& options, const Run& context) {
  Findings findings;
  const World world = normal_world(make_gaussian_schedule({}), 0, 0.25);
  for (const std::int64_t steps : {10, 20, 50}) {
    findings.equal(concat("η=0, S=", steps, ": share of the variance that x_T decides"),
                   explained(world, steps, 0),
                   1,
                   1e-12);
    findings.equal(concat("η=1, S=", steps, ": the same"),
                   explained(world, steps, 1),
                   exact_explained(steps),
                   1e-9);
  }
  findings.figure = {.title = "One x_T, one picture: the number of calls only refines it"};
  findings.figure.panels = {sheet(options, context)};
  return findings;
}

}  // namespace

Experiment ddim_consistency() {
  return make_experiment<DdimConsistencyOptions>(
      {.name = "ddim-consistency",
       .topic = "Samplers",
       .title = "With no noise x_T alone decides the picture; with noise hardly at all.",
       .text =
           "A row starts from one x_T. At η = 0 a few calls give a blend, and more calls settle "
           "on the same picture; at η = 1 the added noise decides, and another number of steps "
           "gives another picture (Song et al. 2021, figure 5). The data are a set of scenes "
           "with the exact network, so every settled picture is one of the set. For Gaussian "
           "data the share of the variance that x_T explains is 1 at η = 0 and known at η = 1.",
       .shows = {"same x_T, different S: same content"}},
      run);
}

}  // namespace tessera::lab
