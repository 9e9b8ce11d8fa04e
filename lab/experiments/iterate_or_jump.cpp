#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "lab/draws.h"
#include "lab/experiments/forward.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct IterateOrJumpOptions {
  std::string schedule = "linear";
  std::int64_t steps = 200;
  std::int64_t draws = 20000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        steps >= 10 && steps <= 4000, kInvalidArgument, "steps must be 10 to 4000, got ", steps);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, IterateOrJumpOptions& o) {
  v("schedule", o.schedule, "of the chain; a linear one ends at 0.02·1000/T");
  v("steps", o.steps, "T");
  v("draws", o.draws, "of each route");
  v("seed", o.seed, "of the draws");
}

/// Largest distance of two empirical distribution functions (Kolmogorov and Smirnov).
double largest_gap(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor first = std::get<0>(a.sort());
  const at::Tensor second = std::get<0>(b.sort());
  const at::Tensor all = at::cat({first, second});
  const auto share = [&](const at::Tensor& sorted) {
    return at::searchsorted(sorted, all, false, true).to(at::kDouble) /
           static_cast<double>(sorted.numel());
  };
  return (share(first) - share(second)).abs().max().item<double>();
}

/// Two points ±1.
at::Tensor coins(const Stream& stream, std::int64_t count) {
  return at::where(draw_uniform(stream, {count}) < 0.5, -1.0, 1.0).to(at::kDouble);
}

struct Routes {
  std::vector<at::Tensor> iterated{}, jumped{};
};

Routes take(const diffusion::GaussianProcess& process,
            const IterateOrJumpOptions& o,
            const std::vector<std::int64_t>& times,
            const Run& run) {
  Routes routes;
  at::Tensor x = coins({o.seed, 0}, o.draws);
  const at::Tensor start = coins({o.seed, 1}, o.draws);
  for (std::int64_t t = 1; t <= process.steps(); ++t) {
    if (t % 50 == 0) run.report("iterate", t, process.steps());
    const at::Tensor noise = draw_normal({o.seed, static_cast<std::uint32_t>(100 + t)}, {o.draws});
    x = process.q_continue(x, times_of(t - 1, o.draws), times_of(t, o.draws), noise);
    if (std::find(times.begin(), times.end(), t) == times.end()) continue;
    routes.iterated.push_back(x);
    routes.jumped.push_back(
        process.q_sample(start,
                         times_of(t, o.draws),
                         draw_normal({o.seed + 1, static_cast<std::uint32_t>(t)}, {o.draws})));
  }
  return routes;
}

Findings run(const IterateOrJumpOptions& options, const Run& context) {
  IterateOrJumpOptions o = options;
  if (context.full()) o.draws *= 10;
  const double scale = 1000.0 / static_cast<double>(o.steps);
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule(
      {.kind = o.schedule, .steps = o.steps, .first = 1e-4 * scale, .last = 0.02 * scale}));
  const ReferenceChain chain(process.schedule().beta);
  const std::vector<std::int64_t> times = {o.steps / 10, o.steps * 3 / 10, o.steps};
  const Routes routes = take(process, o, times, context);
  Findings findings;
  findings.figure = {.title = "Step by step or in one jump: the same law"};
  // P(gap > 2.23 √(2/n)) = 1e-4 for two samples of one law (Kolmogorov's distribution).
  const double critical = 2.23 * std::sqrt(2.0 / static_cast<double>(o.draws));
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::string at = concat("t = ", times[i]);
    findings.at_most(at + ": gap of the distribution functions",
                     largest_gap(routes.iterated[i], routes.jumped[i]),
                     critical);
    findings.near(at + ": variance, iterated",
                  variance_of(routes.iterated[i]),
                  chain.variance(times[i], 1.0));
    findings.near(
        at + ": variance, one jump", variance_of(routes.jumped[i]), chain.variance(times[i], 1.0));
    Panel panel{.title = at,
                .x = {.label = "x_t", .from = -4.0, .to = 4.0},
                .y = {.label = "density", .from = 0.0}};
    Histogram bars = histogram_of(routes.iterated[i], -4, 4, 80);
    bars.label = "iterated";
    bars.colour = Colour::kSky;
    Histogram other = histogram_of(routes.jumped[i], -4, 4, 80);
    std::vector<double> centres;
    for (std::size_t b = 0; b < other.heights.size(); ++b)
      centres.push_back(0.5 * (other.edges[b] + other.edges[b + 1]));
    panel.layers = {bars,
                    Curve{.label = "one jump",
                          .x = centres,
                          .y = other.heights,
                          .stroke = Stroke::kPoints,
                          .colour = Colour::kVermilion}};
    findings.figure.panels.push_back(panel);
  }
  // Nothing is learned on the way out: the same numbers again, as many as the data has.
  const Routes again = take(process, o, {o.steps}, context);
  findings.equal("largest difference of a second run with the same seed",
                 (again.iterated[0] - routes.iterated[2]).abs().max().item<double>(),
                 0.0,
                 0.0);
  findings.equal("numbers in x_T for each number in x_0",
                 static_cast<double>(routes.jumped[2].numel()) / static_cast<double>(o.draws),
                 1.0,
                 0.0);
  return findings;
}

}  // namespace

Experiment iterate_or_jump() {
  return make_experiment<IterateOrJumpOptions>(
      {.name = "iterate-or-jump",
       .topic = "Forward process",
       .title = "Adding noise T times and adding it once give the same distribution.",
       .text =
           "Data are the two points ±1. The bars went through every step, the points jumped to t "
           "in "
           "one. The largest gap of the two distribution functions stays below what two samples "
           "of one law show (Kolmogorov–Smirnov, one in ten thousand). The forward process has no "
           "parameters, only a seed, and its latent is as large as the data, unlike that of an "
           "autoencoder.",
       .shows = {"both routes of the forward process agree",
                 "no parameter is trained: a seed determines everything",
                 "the latent has the size of the data"}},
      run);
}

}  // namespace tessera::lab
