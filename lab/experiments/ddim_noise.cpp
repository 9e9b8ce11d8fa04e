#include <cmath>

#include "core/error.h"
#include "diffusion/gaussian/sampler.h"
#include "lab/affine_chain.h"
#include "lab/experiments/samplers.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kMean = 0.5;
constexpr double kVariance = 0.25;

struct DdimNoiseOptions {
  std::string schedule = "linear";
};
template <typename Visitor>
void visit_fields(Visitor& v, DdimNoiseOptions& o) {
  v("schedule", o.schedule, "schedule of the figure; the exact rows are those of linear");
}

World make_world(const std::string& schedule) {
  return normal_world(make_gaussian_schedule({.kind = schedule}), kMean, kVariance);
}

/// What `steps` strides make of N(0, 1); eta < 0: the published "large" noise, which is the
/// ancestral sampler's.
Moments output_law(const World& world, std::int64_t steps, double eta) {
  const auto sampler =
      eta < 0 ? make_gaussian_sampler("ancestral", {.spacing = "leading", .variance = "large"})
              : make_gaussian_sampler("ddim", {.spacing = "leading", .eta = eta});
  const auto plan = sampler->plan({.trained = world.process.steps(), .wanted = steps});
  return measure_law({world.process, *world.denoiser, *sampler}, plan, {0.0, 1.0});
}

struct DdimNoiseCase {
  std::int64_t steps = 0;
  double eta = 0;
  double mean = 0;
  double variance = 0;
};

/// By the recursion in 40 digits; times 1, 1 + T/S, … of the linear schedule.
const std::vector<DdimNoiseCase>& exact_cases() {
  static const std::vector<DdimNoiseCase> cases{
      {10, 0, 0.496924829233, 0.139972129866},     {10, 0.2, 0.49722889066, 0.139180408871},
      {10, 0.5, 0.498480652434, 0.134750191388},   {10, 1, 0.499966212587, 0.111064302788},
      {10, -1, 0.499966212587, 0.346950931291},    {20, 0, 0.497766774914, 0.188125549041},
      {20, 0.5, 0.499175935081, 0.181203256217},   {20, 1, 0.499986743717, 0.153244418103},
      {20, -1, 0.499986743717, 0.296004634271},    {50, 0, 0.498184986417, 0.223198715519},
      {50, 0.5, 0.49947469349, 0.217763594111},    {50, 1, 0.499992619984, 0.197245112984},
      {50, -1, 0.499992619984, 0.267526009756},    {100, 0, 0.498310029599, 0.236177111813},
      {100, 0.5, 0.499555605757, 0.23257632487},   {100, 1, 0.499993953471, 0.219263564954},
      {100, -1, 0.499993953471, 0.258561902861},   {1000, 0, 0.498416575075, 0.248497547169},
      {1000, 0.5, 0.499620907887, 0.247980807939}, {1000, 1, 0.49999495506, 0.24612521136},
      {1000, -1, 0.49999495506, 0.250752075008},
  };
  return cases;
}

Panel variance_panel(const World& world) {
  Panel panel{.title = "data N(½, ¼): variance of what comes out",
              .x = {.label = "network calls S", .logarithmic = true, .from = 4, .to = 250},
              .y = {.label = "variance", .from = 0, .to = 0.52}};
  const std::vector<std::int64_t> steps{5, 8, 10, 20, 25, 50, 100, 200};
  for (const double eta : {0.0, 0.5, 1.0, -1.0}) {
    Curve curve{.label = eta < 0 ? "noise of variance β" : concat("η = ", eta),
                .stroke = Stroke::kMarked};
    for (const std::int64_t count : steps) {
      curve.x.push_back(static_cast<double>(count));
      curve.y.push_back(output_law(world, count, eta).variance);
    }
    panel.layers.emplace_back(std::move(curve));
  }
  panel.layers.emplace_back(Curve{.label = "data",
                                  .x = {4, 250},
                                  .y = {kVariance, kVariance},
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kBlack});
  return panel;
}

Panel distance_panel(const World& world) {
  Panel panel{.title = "Fréchet distance to the data",
              .x = {.label = "network calls S", .logarithmic = true, .from = 4, .to = 250},
              .y = {.label = "squared distance", .logarithmic = true},
              .legend = Legend::kBottomLeft};
  for (const double eta : {0.0, 0.5, 1.0, -1.0}) {
    Curve curve{.label = eta < 0 ? "noise of variance β" : concat("η = ", eta),
                .stroke = Stroke::kMarked};
    for (const std::int64_t count : {5, 8, 10, 20, 25, 50, 100, 200}) {
      curve.x.push_back(static_cast<double>(count));
      curve.y.push_back(frechet(output_law(world, count, eta), {kMean, kVariance}));
    }
    panel.layers.emplace_back(std::move(curve));
  }
  return panel;
}

Findings run(const DdimNoiseOptions& options, const Run& context) {
  Findings findings;
  const World linear = make_world("linear");
  for (const DdimNoiseCase& exact : exact_cases()) {
    if (exact.steps > 100 && !context.full()) continue;
    context.check_stop();
    const Moments law = output_law(linear, exact.steps, exact.eta);
    const std::string name = exact.eta < 0 ? concat("S=", exact.steps, ", noise β")
                                           : concat("S=", exact.steps, ", η=", exact.eta);
    findings.equal(name + ": variance of the output", law.variance, exact.variance, 1e-8);
    if (exact.steps == 10) findings.equal(name + ": mean", law.mean, exact.mean, 1e-8);
  }
  // Without its noise the ancestral sampler collapses; DDIM at eta = 0 does not.
  const auto silent = make_gaussian_sampler("ancestral", {.variance = "small", .noise_scale = 0.0});
  const Moments collapsed = measure_law({linear.process, *linear.denoiser, *silent},
                                        silent->plan({.trained = 1000, .wanted = 1000}),
                                        {0.0, 1.0});
  findings.equal(
      "ancestral mean alone, T=1000: variance", collapsed.variance, 2.5225463095608664e-06, 1e-12);
  const World shown = make_world(options.schedule);
  findings.figure = {.title = "DDIM: η is a choice, nothing learned", .columns = 2};
  findings.figure.panels = {variance_panel(shown), distance_panel(shown)};
  findings.notes.push_back(concat(
      "Without noise the ancestral mean leaves variance ",
      collapsed.variance,
      " of 0.25: one blurred sample. DDIM's noiseless step is another rule, not that mean."));
  return findings;
}

}  // namespace

Experiment ddim_noise() {
  return make_experiment<DdimNoiseOptions>(
      {.name = "ddim-noise",
       .topic = "Samplers",
       .title = "DDIM visits a subset of the times; η sets how much noise it adds.",
       .text =
           "With x̂_0 and ε̂ from one network call, x_s = √ᾱ_s x̂_0 + √(1−ᾱ_s−σ²) ε̂ + σz has the "
           "right marginal for every σ (Song et al. 2021, eq. 12). η = 1 is ancestral sampling "
           "with the small variance; η = 0 adds no noise at all and still gives distinct "
           "samples, since x_T decides. With few calls every rule is off: the small noise and none "
           "leave too little variance, β too much; at a thousand calls all agree. None of this is "
           "trained: one network serves "
           "every η and every subset.",
       .shows = {"DDIM over step subsets and η",
                 "η = 1 equals the small ancestral variance",
                 "no noise collapses the DDPM mean, not DDIM",
                 "DDIM does not learn the variance"}},
      run);
}

}  // namespace tessera::lab
