#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/editing.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/experiments/samplers.h"
#include "lab/pictures.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct DdimInversionOptions {
  std::int64_t pictures = 256;
};
template <typename Visitor>
void visit_fields(Visitor& v, DdimInversionOptions& o) {
  v("pictures", o.pictures, "scenes that the figure's data consist of");
}

struct DdimInversionCase {
  std::int64_t steps = 0;
  double encode = 0;
  double decode = 0;
};
/// By the product of the step factors in 40 digits; data N(0, 1/4), times 1, 1 + T/S, …
constexpr DdimInversionCase kDdimInversionCases[] = {
    {10, 1.49638657034942, 0.374128493790995},
    {20, 1.73493244735405, 0.433734422245952},
    {50, 1.88979516014913, 0.472439113028334},
    {100, 1.94397245554036, 0.485980567320208},
    {200, 1.97162110942758, 0.492891413532752},
    {500, 1.98840894778753, 0.497087616834314},
    {1000, 1.99404059925891, 0.498495282996068},
};

struct Factors {
  double encode = 0;
  double decode = 0;
};

/// By what the data are multiplied on the way up, and on the way down again.
Factors measure(const World& world, std::int64_t steps) {
  ChainOptions options{.threshold = unlimited(),
                       .plan = spaced_plan("leading", {.trained = 1000, .wanted = steps})};
  const at::Tensor one = at::ones({1, 1, 1, 1}, at::kDouble);
  const at::Tensor up =
      invert_ddim(world.process, *world.denoiser, one, options, InversionRule::kPublished);
  const auto sampler = make_gaussian_sampler("ddim", {.spacing = "leading"});
  const at::Tensor down = run_gaussian_chain(
      {world.process, *world.denoiser, *sampler}, one, options, {.rng = nn::Rng::of_run(0, 0, 1)});
  return {.encode = up.item<double>(), .decode = down.item<double>()};
}

Panel error_panel(const World& world) {
  Panel panel{.title = "data N(0, ¼)",
              .x = {.label = "network calls S", .logarithmic = true, .from = 8, .to = 600},
              .y = {.label = "squared error of the reconstruction", .logarithmic = true}};
  Curve curve{.label = "measured", .stroke = Stroke::kMarked};
  Curve square{.label = "1/S^2", .stroke = Stroke::kDashed, .colour = Colour::kGrey};
  for (const std::int64_t steps : {10, 20, 50, 100, 200, 500}) {
    const Factors f = measure(world, steps);
    curve.x.push_back(static_cast<double>(steps));
    curve.y.push_back(std::pow(1 - f.encode * f.decode, 2));
    square.x.push_back(static_cast<double>(steps));
    square.y.push_back(36.0 / std::pow(static_cast<double>(steps), 2));
  }
  panel.layers.emplace_back(std::move(curve));
  panel.layers.emplace_back(std::move(square));
  return panel;
}

/// Pictures of the set to x_T and back, S calls each way.
Panel picture_panel(const DdimInversionOptions& options, const Run& context) {
  const at::Tensor scenes = scene_pictures(context.atlas, options.pictures, 16, SceneChoice::kAny);
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const GaussianProcess process(schedule);
  const at::Tensor flat = scenes.flatten(1);
  const at::Tensor mean = flat.mean(0);
  const at::Tensor off = flat - mean;
  const at::Tensor covariance = off.t().matmul(off) / static_cast<double>(flat.size(0)) +
                                1e-3 * at::eye(flat.size(1), at::kDouble);
  const auto denoiser =
      make_gaussian_data_denoiser(schedule, {.mean = mean, .covariance = covariance}, {});
  const at::Tensor chosen = scenes.slice(0, 3, 7);
  std::vector<at::Tensor> rows{chosen};
  std::vector<std::string> names{"x_0"};
  const auto sampler = make_gaussian_sampler("ddim");
  for (const std::int64_t steps : {5, 20, 100}) {
    const ChainOptions chain{.threshold = unlimited(), .steps = steps};
    const at::Tensor x_T =
        invert_ddim(process,
                    *denoiser,
                    chosen,
                    {.threshold = unlimited(), .plan = spaced_plan("even", {1000, steps})});
    rows.push_back(run_gaussian_chain(
        {process, *denoiser, *sampler}, x_T, chain, {.rng = nn::Rng::of_run(0, 0, 4)}));
    names.push_back(concat("S=", steps));
  }
  Panel panel = sheet_panel(at::cat(rows), {.columns = 4, .enlarge = 3}, {}, names);
  panel.title = "scenes to x_T and back";
  return panel;
}

Findings run(const DdimInversionOptions& options, const Run& context) {
  Findings findings;
  const World world = normal_world(make_gaussian_schedule({}), 0, 0.25);
  for (const DdimInversionCase& exact : kDdimInversionCases) {
    if (exact.steps > 200 && !context.full()) continue;
    const Factors f = measure(world, exact.steps);
    findings.equal(
        concat("S=", exact.steps, ": encoding multiplies by"), f.encode, exact.encode, 1e-8);
    findings.equal(concat("S=", exact.steps, ": relative squared error"),
                   std::pow(1 - f.encode * f.decode, 2),
                   std::pow(1 - exact.encode * exact.decode, 2),
                   1e-8);
  }
  findings.figure = {.title = "DDIM run backwards: a picture's own x_T", .columns = 2};
  findings.figure.panels = {error_panel(world), picture_panel(options, context)};
  return findings;
}

}  // namespace

Experiment ddim_inversion() {
  return make_experiment<DdimInversionOptions>(
      {.name = "ddim-inversion",
       .topic = "Samplers",
       .title = "Without noise the sampler is an ODE solver, and runs in both directions.",
       .text = "At η = 0 every step is a deterministic map, so a picture can be carried to x_T and "
               "decoded again (Song et al. 2021, table 2). The error is that of Euler's method in "
               "both directions: its square falls as 1/S². For Gaussian data each step multiplies "
               "by a known number, so every S has an exact reference. Whoever finds that inversion "
               "does not reproduce a picture sees here what to expect at S calls.",
       .shows = {"DDIM inversion", "reconstruction error against the number of steps"}},
      run);
}

}  // namespace tessera::lab
