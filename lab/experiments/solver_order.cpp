#include <cmath>

#include <ATen/ATen.h>

#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "lab/experiments/samplers.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct SolverOrderOptions {
  double variance = 4.0;
};
template <typename Visitor>
void visit_fields(Visitor& v, SolverOrderOptions& o) {
  v("variance", o.variance, "variance of the Gaussian data");
}

/// x_0 that the solver makes of x_T = 1.
double decode(const World& world, const std::string& solver, std::int64_t steps) {
  const auto sampler = make_gaussian_sampler(solver);
  return run_gaussian_chain({world.process, *world.denoiser, *sampler},
                            at::ones({1, 1, 1, 1}, at::kDouble),
                            {.threshold = unlimited(), .steps = steps},
                            {.rng = nn::Rng::of_run(0, 0, 1)})
      .item<double>();
}

/// The flow keeps x_t / sqrt(Var x_t) as it is.
double exact_decode(const World& world, double variance) {
  const double last = world.process.schedule().alpha_bar.back();
  return std::sqrt(variance / (last * variance + 1 - last));
}

Panel error_panel(const World& world, double variance, Findings& findings) {
  Panel panel{.title = "data N(0, 4): error of x_0 for x_T = 1",
              .x = {.label = "network calls S", .logarithmic = true, .from = 4, .to = 400},
              .y = {.label = "|x_0 - exact|", .logarithmic = true},
              .legend = Legend::kBottomLeft};
  const std::vector<double> counts{5, 10, 20, 50, 100, 200, 320};
  const double exact = exact_decode(world, variance);
  const std::vector<std::string> solvers{"ddim", "dpm-solver++"};
  for (const std::string& solver : solvers) {
    Curve curve{.label = solver, .x = counts, .stroke = Stroke::kMarked};
    for (const double count : counts) {
      curve.y.push_back(std::abs(decode(world, solver, static_cast<std::int64_t>(count)) - exact));
    }
    const double order = -log_slope({50, 100, 200}, {curve.y[3], curve.y[4], curve.y[5]});
    const bool first = solver == "ddim";
    findings.equal(
        "order of " + solver + ", S = 50..200", order, first ? 1 : 2, first ? 0.1 : 0.25);
    panel.layers.emplace_back(std::move(curve));
  }
  panel.layers.emplace_back(Curve{.label = "1/S",
                                  .x = {20, 320},
                                  .y = {0.29, 0.29 / 16},
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kGrey});
  panel.layers.emplace_back(Curve{.label = "1/S^2",
                                  .x = {20, 320},
                                  .y = {0.018, 0.018 / 256},
                                  .stroke = Stroke::kDotted,
                                  .colour = Colour::kGrey});
  return panel;
}

/// Paths of several x_T to one of two modes, few calls and many.
Panel path_panel(const std::string& solver) {
  const GaussianSchedule schedule = make_gaussian_schedule({});
  const GaussianProcess process(schedule);
  const auto denoiser =
      make_mixture_data_denoiser(schedule,
                                 {.means = at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1}),
                                  .variances = at::tensor({0.04, 0.04}, at::kDouble),
                                  .weights = at::tensor({0.5, 0.5}, at::kDouble)},
                                 {});
  const at::Tensor start = tensor_of(spaced(-2.2, 2.2, 12)).view({12, 1, 1, 1});
  Panel panel{.title = solver + ", 8 calls",
              .x = {.label = "step t", .reversed = true, .from = 0, .to = 1000},
              .y = {.label = "x_t", .from = -2.4, .to = 2.4},
              .legend = Legend::kNone};
  for (const std::int64_t steps : {250, 8}) {
    std::vector<double> time{1000};
    std::vector<at::Tensor> states{start};
    const ChainOptions options{
        .threshold = unlimited(), .steps = steps, .on_step = [&](const ChainStep& step) {
          time.push_back(static_cast<double>(step.time.to));
          states.push_back(step.x);
          return at::Tensor();
        }};
    run_gaussian_chain({process, *denoiser, *make_gaussian_sampler(solver)},
                       start,
                       options,
                       {.rng = nn::Rng::of_run(0, 0, 12)});
    const at::Tensor all = at::stack(states).view({-1, 12});
    for (std::int64_t i = 0; i < 12; ++i) {
      panel.layers.emplace_back(Curve{.x = time,
                                      .y = numbers_of(all.select(1, i)),
                                      .stroke = steps == 8 ? Stroke::kPoints : Stroke::kThin,
                                      .colour = steps == 8 ? Colour::kVermilion : Colour::kBlue});
    }
  }
  return panel;
}

Findings run(const SolverOrderOptions& options, const Run& /*context*/) {
  Findings findings;
  const World world = normal_world(make_gaussian_schedule({}), 0, options.variance);
  findings.figure.title = "Order of a solver: what an extra look back is worth";
  findings.figure.columns = 3;
  findings.figure.panels = {error_panel(world, options.variance, findings),
                            path_panel("ddim"),
                            path_panel("dpm-solver++")};
  findings.equal("dpm-solver++, S = 200: x_0",
                 decode(world, "dpm-solver++", 200),
                 exact_decode(world, options.variance),
                 5e-4);
  findings.equal("ddim, S = 200: x_0",
                 decode(world, "ddim", 200),
                 exact_decode(world, options.variance),
                 2e-2);
  return findings;
}

}  // namespace

Experiment solver_order() {
  return make_experiment<SolverOrderOptions>(
      {.name = "solver-order",
       .topic = "Samplers",
       .title =
           "DDIM is a first-order solver of the flow; DPM-Solver++ looks back and is of second.",
       .text =
           "The noiseless sampler follows an ordinary differential equation whose exact solution "
           "for Gaussian data keeps x_t/√Var(x_t) constant. DDIM's error falls as 1/S, that of "
           "the two-step DPM-Solver++ (Lu et al. 2022) as 1/S² for the same number of network "
           "calls. On the right the paths into two narrow modes: lines with 250 calls, points with "
           "8.",
       .shows = {"convergence order of DDIM and DPM-Solver++", "the sampler as an ODE solver"}},
      run);
}

}  // namespace tessera::lab
