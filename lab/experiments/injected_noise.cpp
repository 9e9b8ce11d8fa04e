#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/affine_chain.h"
#include "lab/draws.h"
#include "lab/experiments/reverse.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct InjectedNoiseOptions {
  double right = 0.7;
  std::int64_t trajectories = 200;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        right > 0 && right < 1, kInvalidArgument, "right must be between 0 and 1, got ", right);
    TESSERA_CHECK(trajectories >= 100 && trajectories <= 100000,
                  kInvalidArgument,
                  "trajectories must be 100 to 1e5, got ",
                  trajectories);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, InjectedNoiseOptions& o) {
  v("right", o.right, "share of the data at +1; the rest is at -1");
  v("trajectories", o.trajectories, "that are run");
  v("seed", o.seed, "of the draws");
}

constexpr double kLump = 0.01;  // variance of each lump

struct Paths {
  std::vector<double> times{};
  at::Tensor x{};  // [times, trajectories]
};

Paths sample(const diffusion::GaussianProcess& process,
             double noise,
             const InjectedNoiseOptions& o,
             const Run& run) {
  const auto denoiser = diffusion::make_mixture_data_denoiser(
      process.schedule(),
      {at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1}),
       at::full({2}, kLump, at::kDouble),
       at::tensor({1 - o.right, o.right}, at::kDouble)},
      {});
  const auto sampler = diffusion::make_gaussian_sampler("ancestral", {.noise_scale = noise});
  Paths paths{.times = {static_cast<double>(process.steps())}};
  std::vector<at::Tensor> rows = {draw_normal({o.seed, 0}, {o.trajectories})};
  diffusion::ChainOptions options{.threshold = {.threshold = "none"}, .stop = run.stop};
  std::uint32_t stream = 1;
  options.normals = [&](const at::Tensor& x, const diffusion::TimeStep&) {
    return draw_normal({o.seed, stream++}, x.sizes());
  };
  options.on_step = [&](const diffusion::ChainStep& step) {
    if (step.time.to % 20 == 0) {
      paths.times.push_back(static_cast<double>(step.time.to));
      rows.push_back(as_numbers(step.x).clone());
    }
    return at::Tensor();
  };
  diffusion::run_gaussian_chain({process, *denoiser, *sampler}, as_pictures(rows[0]), options, {});
  paths.x = at::stack(rows);
  return paths;
}

Panel paths_panel(const Paths& paths, const std::string& title) {
  Panel panel{.title = title,
              .x = {.label = "t", .reversed = true, .from = 0.0, .to = 1000.0},
              .y = {.label = "x_t", .from = -3.0, .to = 3.0},
              .legend = Legend::kNone};
  for (std::int64_t i = 0; i < 24; ++i) {
    const at::Tensor path = paths.x.select(1, i);
    panel.layers.emplace_back(
        Curve{.x = paths.times,
              .y = numbers_of(path),
              .stroke = Stroke::kThin,
              .colour = path[-1].item<double>() > 0 ? Colour::kVermilion : Colour::kBlue});
  }
  return panel;
}

/// Share of samples within four deviations of a lump, and of those on the right.
struct Landing {
  Estimate inside{}, right{};
};
Landing landing(const Paths& paths) {
  const at::Tensor x = paths.x[-1];
  return {mean_of(((x.abs() - 1).abs() < 4 * std::sqrt(kLump)).to(at::kDouble)),
          mean_of((x > 0).to(at::kDouble))};
}

/// Variance of the output on N(0, 0.25) over the share of the noise that is added.
Panel variance_panel(Findings& findings, const diffusion::GaussianProcess& process) {
  constexpr double kVariance = 0.25;
  const auto denoiser = diffusion::make_gaussian_data_denoiser(
      process.schedule(),
      {at::zeros({}, at::kDouble), at::full({}, kVariance, at::kDouble), {}},
      {});
  const ReferenceChain chain(process.schedule().beta);
  Curve drawn{.label = "measured", .stroke = Stroke::kPoints};
  Curve exact{.label = "recursion"};
  const auto recursion = [&](double share) {
    std::vector<double> sigma2(1001, 0.0);
    for (std::int64_t t = 2; t <= 1000; ++t)
      sigma2[static_cast<std::size_t>(t)] = share * share * chain.beta(t);
    return chain.sampler_variance(kVariance, sigma2);
  };
  for (const double share : {0.0, 0.5, 1.0}) {
    const auto sampler = diffusion::make_gaussian_sampler("ancestral", {.noise_scale = share});
    const Moments law = measure_law(
        {process, *denoiser, *sampler}, sampler->plan({1000, 1000}), {.mean = 0, .variance = 1});
    findings.equal(concat("N(0, 0.25): variance with ", share, " of the noise"),
                   law.variance,
                   recursion(share),
                   1e-9);
    drawn.x.push_back(share);
    drawn.y.push_back(law.variance);
  }
  for (const double share : spaced(0, 1, 41)) {
    exact.x.push_back(share);
    exact.y.push_back(recursion(share));
  }
  return {.title = "Output variance, N(0, 0.25)",
          .x = {.label = "share of the noise that is added", .from = 0.0, .to = 1.05},
          .y = {.label = "Var(x_0)", .from = 0.0, .to = 0.3},
          .layers = {Curve{.label = "of the data",
                           .x = {0, 1.05},
                           .y = {0.25, 0.25},
                           .stroke = Stroke::kDotted,
                           .colour = Colour::kBlack},
                     exact,
                     drawn},
          .legend = Legend::kTopLeft};
}

Findings run(const InjectedNoiseOptions& options, const Run& context) {
  InjectedNoiseOptions o = options;
  if (context.full()) o.trajectories *= 20;
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({}));
  const Paths with = sample(process, 1.0, o, context);
  const Paths without = sample(process, 0.0, o, context);
  Findings findings;
  const Landing full = landing(with);
  const Landing none = landing(without);
  const double error = std::sqrt(o.right * (1 - o.right) / static_cast<double>(o.trajectories));
  findings.equal("with noise: share of samples at +1", full.right.value, o.right, 4.5 * error);
  findings.at_least("with noise: share of samples in a lump of the data", full.inside.value, 0.99);
  findings.at_most("without: standard deviation of the samples around their lump",
                   std::sqrt((without.x[-1].abs() - 1).square().mean().item<double>()),
                   0.02);
  findings.at_least("without: share at +1 is too large by", none.right.value - o.right, 0.08);
  findings.figure = {.title = "Is the noise that is added while sampling needed?"};
  findings.figure.panels = {paths_panel(with, "With noise: 24 trajectories"),
                            paths_panel(without, "The mean alone"),
                            variance_panel(findings, process)};
  return findings;
}

}  // namespace

Experiment injected_noise() {
  return make_experiment<InjectedNoiseOptions>(
      {.name = "injected-noise",
       .topic = "Reverse process",
       .title = "Without its noise the ancestral sampler loses the spread of the data.",
       .text = "Data are two narrow lumps, 30 % at −1 and 70 % at +1. With noise the trajectories "
               "branch and "
               "land in the right proportions. The mean alone contracts at every step: "
               "there is no spread within a lump and the larger lump takes more than its share. "
               "Right: on Gaussian "
               "data the variance of the output over the share of noise. The mean is the right "
               "step only "
               "together with its noise; a sampler without noise needs another step (DDIM).",
       .shows = {"what the injected noise is for",
                 "variance and diversity of samples with and without it"}},
      run);
}

}  // namespace tessera::lab
