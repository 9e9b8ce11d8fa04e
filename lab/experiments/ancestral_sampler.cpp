#include <algorithm>
#include <cmath>
#include <numbers>

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

struct AncestralSamplerOptions {
  double mean = 0.5;
  double variance = 0.25;
  std::int64_t draws = 4000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(draws >= 500 && draws <= 1000000,
                  kInvalidArgument,
                  "draws must be 500 to 1e6, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, AncestralSamplerOptions& o) {
  v("mean", o.mean, "of the Gaussian data");
  v("variance", o.variance, "of the Gaussian data");
  v("draws", o.draws, "samples that are drawn");
  v("seed", o.seed, "of the draws");
}

/// A chain with the best network for the data and the ancestral sampler of one variance.
struct Sampler {
  diffusion::GaussianProcess process;
  std::shared_ptr<diffusion::GaussianDenoiser> denoiser{};
  std::unique_ptr<const diffusion::GaussianSampler> sampler{};

  Sampler(const std::string& kind,
          const std::string& variance,
          double noise_scale,
          const AncestralSamplerOptions& o)
      : process(diffusion::make_gaussian_schedule({.kind = kind})) {
    const auto network = diffusion::parse_gaussian_variance(variance);
    denoiser = diffusion::make_gaussian_data_denoiser(
        process.schedule(),
        {at::full({}, o.mean, at::kDouble), at::full({}, o.variance, at::kDouble), {}},
        {.variance = network});
    sampler = diffusion::make_gaussian_sampler(
        "ancestral", {.variance = variance, .noise_scale = noise_scale}, network);
  }
  /// Law of x at T, T - 1, …, 0, as the sampler's own steps carry it.
  std::vector<Moments> laws() const {
    std::vector<Moments> trace = {{.mean = 0, .variance = 1}};
    const std::int64_t steps = process.steps();
    for (const diffusion::TimeStep& time : sampler->plan({steps, steps}))
      trace.push_back(measure_step({process, *denoiser, *sampler}, time).carry(trace.back()));
    return trace;
  }
};

struct AncestralSamplerCase {
  std::string label{}, variance{};
  double noise = 1.0;
  double exact_linear = 0.0,
         exact_cosine = 0.0;  // variance of the output for N(0.5, 0.25), fifty digits
};
const std::vector<AncestralSamplerCase>& cases() {
  static const std::vector<AncestralSamplerCase> all = {
      {"large: σ² = β", "large", 1.0, 0.25075207500753127, 0.25041858930085326},
      {"small: σ² = β̃", "small", 1.0, 0.24612521136044768, 0.24799670255788878},
      {"best", "diagonal", 1.0, 0.24990003006735695, 0.24995872088770668},
      {"no noise", "large", 0.0, 2.5225463095608664e-06, 1.5179793224267696e-10}};
  return all;
}

/// σ²_t of a case, written out; none at t = 1.
std::vector<double> variances_of(const ReferenceChain& chain,
                                 const AncestralSamplerCase& c,
                                 double data_variance) {
  std::vector<double> sigma2(static_cast<std::size_t>(chain.steps()) + 1, 0.0);
  for (std::int64_t t = 2; t <= chain.steps() && c.noise > 0; ++t) {
    sigma2[static_cast<std::size_t>(t)] = c.variance == "large" ? chain.beta(t)
                                          : c.variance == "small"
                                              ? chain.posterior_variance(t)
                                              : chain.step_variance(t, data_variance);
  }
  return sigma2;
}

/// Compares the laws of all cases and draws the variance along the chain of the linear schedule.
Panel exact_laws(Findings& findings, const AncestralSamplerOptions& o, const Run& run) {
  Panel panel{.title = "Variance along the chain",
              .x = {.label = "t", .from = 0.0, .to = 1000.0},
              .y = {.label = "Var(x_t)", .from = 0.0, .to = std::max(1.05, 1.05 * o.variance)},
              .legend = Legend::kBottomRight};
  const bool worked = o.mean == 0.5 && o.variance == 0.25;
  for (const std::string& kind : {std::string("linear"), std::string("cosine")}) {
    for (const AncestralSamplerCase& c : cases()) {
      if (kind == "cosine" && c.noise > 0 && c.variance != "large") continue;  // two tell enough
      run.report("laws", 0, 8);
      const Sampler parts(kind, c.variance, c.noise, o);
      const auto trace = parts.laws();
      const Moments law = trace.back();
      const ReferenceChain chain(parts.process.schedule().beta);
      const double exact = chain.sampler_variance(o.variance, variances_of(chain, c, o.variance));
      findings.equal(
          kind + ", " + c.label + ": variance of the output", law.variance, exact, 1e-9 * exact);
      if (worked) {
        const double digits = kind == "linear" ? c.exact_linear : c.exact_cosine;
        findings.equal(kind + ", " + c.label + ": the same with fifty digits",
                       law.variance,
                       digits,
                       1e-9 * digits);
        findings.equal(kind + ", " + c.label + ": mean of the output",
                       law.mean,
                       kind == "linear" ? 0.4999949550600894 : 0.49999999969640413,
                       1e-10);
      }
      if (kind != "linear") continue;
      Curve curve{.label = c.label,
                  .stroke = c.variance == "small" ? Stroke::kDashed : Stroke::kLine};
      for (std::size_t i = 0; i < trace.size(); i += 4) {
        curve.x.push_back(1000.0 - static_cast<double>(i));
        curve.y.push_back(trace[i].variance);
      }
      panel.layers.emplace_back(curve);
    }
  }
  const ReferenceChain chain(diffusion::make_gaussian_schedule({}).beta);
  Curve forward{.label = "forward process", .stroke = Stroke::kPoints, .colour = Colour::kGrey};
  for (std::int64_t t = 0; t <= 1000; t += 50) {
    forward.x.push_back(static_cast<double>(t));
    forward.y.push_back(chain.variance(t, o.variance));
  }
  panel.layers.emplace_back(forward);
  return panel;
}

at::Tensor draw(const Sampler& parts, const AncestralSamplerOptions& o, const Run& run) {
  diffusion::ChainOptions options{.threshold = {.threshold = "none"}, .stop = run.stop};
  std::uint32_t stream = 0;
  options.normals = [&](const at::Tensor& x, const diffusion::TimeStep& time) {
    if (time.index % 100 == 0) run.report("sample", time.index, time.count);
    return draw_normal({o.seed, 100 + stream++}, x.sizes());
  };
  const at::Tensor start = as_pictures(draw_normal({o.seed, 1}, {o.draws}));
  return as_numbers(diffusion::run_gaussian_chain(
      {parts.process, *parts.denoiser, *parts.sampler}, start, options, {}));
}

/// Two runs of the last step that differ only in its noise.
void last_step(Findings& findings, const AncestralSamplerOptions& o) {
  Sampler parts("linear", "large", 1.0, o);
  const AffineStep last = measure_step({parts.process, *parts.denoiser, *parts.sampler},
                                       {.from = 1, .to = 0, .index = 999, .count = 1000});
  const AffineStep before = measure_step({parts.process, *parts.denoiser, *parts.sampler},
                                         {.from = 2, .to = 1, .index = 998, .count = 1000});
  const ReferenceChain chain(parts.process.schedule().beta);
  findings.equal("response of x_0 to the noise of the last step", last.noise, 0.0, 0.0);
  findings.equal("response of x_1 to the noise of the step before: √β_2",
                 before.noise,
                 std::sqrt(chain.beta(2)),
                 1e-12);
}

Findings run(const AncestralSamplerOptions& options, const Run& context) {
  AncestralSamplerOptions o = options;
  if (context.full()) o.draws *= 20;
  Findings findings;
  const Panel laws = exact_laws(findings, o, context);
  last_step(findings, o);
  const Sampler parts("linear", "large", 1.0, o);
  const ReferenceChain chain(parts.process.schedule().beta);
  const at::Tensor x = draw(parts, o, context);
  // The start is N(0, 1), not q(x_T), so the mean is off by what is left of it there.
  findings.near("drawn samples: mean", mean_of(x), o.mean * (1 - chain.kept(1000) * o.variance));
  findings.near("drawn samples: variance",
                variance_of(x),
                chain.sampler_variance(o.variance, variances_of(chain, cases()[0], o.variance)));
  const double deviation = std::sqrt(o.variance);
  const auto grid = spaced(o.mean - 4 * deviation, o.mean + 4 * deviation, 300);
  Histogram bars = histogram_of(x, grid.front(), grid.back(), 60);
  bars.label = concat(o.draws, " samples");
  bars.colour = Colour::kSky;
  const auto density = [&](double at) {
    const double z = (at - o.mean) / deviation;
    return std::exp(-0.5 * z * z) / (deviation * std::sqrt(2 * std::numbers::pi));
  };
  const Panel drawn{
      .title = "Samples, from noise alone",
      .x = {.label = "x_0", .from = grid.front(), .to = grid.back()},
      .y = {.label = "density", .from = 0.0},
      .layers = {bars,
                 Curve{.label = "the data's density", .x = grid, .y = values_of(density, grid)}}};
  findings.figure = {
      .title = concat("The ancestral sampler on N(", o.mean, ", ", o.variance, "), T = 1000"),
      .columns = 2};
  findings.figure.panels = {drawn, laws};
  return findings;
}

}  // namespace

Experiment ancestral_sampler() {
  return make_experiment<AncestralSamplerOptions>(
      {.name = "ancestral-sampler",
       .topic = "Reverse process",
       .title = "With the best network the sampler's output is Gaussian, with a variance that can "
                "be computed.",
       .text =
           "The best network for Gaussian data is linear, so each step of the sampler is, and its "
           "response to x_t and to the noise gives the law of the output without drawing anything. "
           "At T = 1000 both fixed variances hit 0.25 within two per cent; with no noise at all "
           "the "
           "variance is 2.5e-6: every start ends at the mean. The noise of the last step must not "
           "be added and is not. Only the reverse chain runs: no data are at hand.",
       .shows = {"the ancestral sampler's output for four variances and two schedules",
                 "the last step has no noise",
                 "only the reverse chain is needed to generate",
                 "without noise the ancestral mean collapses to one sample"}},
      run);
}

}  // namespace tessera::lab
