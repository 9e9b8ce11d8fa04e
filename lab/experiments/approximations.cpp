#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/theory.h"
#include "lab/altered_denoiser.h"
#include "lab/draws.h"
#include "lab/experiments/reverse.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct ApproximationsOptions {
  std::int64_t steps = 50;
  double variance = 0.25;
  double shrink = 0.8;
  std::int64_t draws = 40000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        steps >= 5 && steps <= 1000, kInvalidArgument, "steps must be 5 to 1000, got ", steps);
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(
        shrink >= 0 && shrink <= 1, kInvalidArgument, "shrink must be 0 to 1, got ", shrink);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, ApproximationsOptions& o) {
  v("steps", o.steps, "T of the linear schedule, whose ends grow as 1000/T");
  v("variance", o.variance, "of the Gaussian data");
  v("shrink", o.shrink, "the network answers this times the best noise estimate");
  v("draws", o.draws, "of the measured bound");
  v("seed", o.seed, "of the draws");
}

struct Parts {
  double prior = 0.0;     // KL(q(x_T) ‖ N(0, 1))
  double variance = 0.0;  // σ² is β where the best is smaller
  double decoder = 0.0;   // σ_1² is not Var(x_0 | x_1)
  double network = 0.0;
  double sum() const { return prior + variance + decoder + network; }
};

/// Each part in closed form, nats a dimension.
Parts parts_of(const ReferenceChain& chain,
               const std::vector<double>& sigma2,
               const ApproximationsOptions& o) {
  Parts parts;
  const double last = chain.variance(chain.steps(), o.variance);
  parts.prior = 0.5 * (last - 1 - std::log(last));
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    const double s2 = sigma2[static_cast<std::size_t>(t)];
    const double best =
        t == 1 ? chain.data_variance_given(1, o.variance) : chain.step_variance(t, o.variance);
    (t == 1 ? parts.decoder : parts.variance) +=
        chain.term(t, o.variance, s2) - chain.term(t, o.variance, best);
    // The estimate of x_0 moves by √(1-ᾱ)/√ᾱ of the noise's error (1 - shrink) ε*, E ε*² = (1-ᾱ)/V.
    const double lost = chain.lost(t);
    const double noise_error =
        (1 - o.shrink) * (1 - o.shrink) * lost / chain.variance(t, o.variance);
    const double x0_error = noise_error * lost / chain.kept(t);
    const double c0 = t == 1 ? 1.0 : chain.of_data(t);
    parts.network += c0 * c0 * x0_error / (2 * s2);
  }
  return parts;
}

/// The whole bound of the wrong network on draws of the data, by the library.
Estimate measured_bound(const diffusion::GaussianProcess& process,
                        const ApproximationsOptions& o,
                        const Run& run) {
  const diffusion::GaussianData data{
      at::zeros({}, at::kDouble), at::full({}, o.variance, at::kDouble), {}};
  const auto network = make_altered_denoiser(
      diffusion::make_gaussian_data_denoiser(process.schedule(), data, {}), {.factor = o.shrink});
  const at::Tensor x0 = as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, 0}, {o.draws}));
  diffusion::GaussianBound bound(process, *network, {.decoder = "continuous"});
  at::Tensor total = bound.prior(x0);
  std::uint32_t stream = 1;
  for (const diffusion::TimeStep& time : bound.options().plan) {
    run.report("bound", stream, process.steps());
    const at::Tensor noise = as_pictures(draw_normal({o.seed, stream++}, {o.draws}));
    total = total + bound.stride({x0, {}}, time, noise).term;
  }
  return mean_of(total);
}

Findings run(const ApproximationsOptions& options, const Run& context) {
  ApproximationsOptions o = options;
  if (context.full()) o.draws *= 10;
  const double scale = 1000.0 / static_cast<double>(o.steps);
  const diffusion::GaussianProcess process(
      diffusion::make_gaussian_schedule({.kind = "linear",
                                         .steps = o.steps,
                                         .first = 1e-4 * scale,
                                         .last = std::min(0.02 * scale, 0.999)}));
  const ReferenceChain chain(process.schedule().beta);
  const auto sigma2 = diffusion::reverse_variances(process.schedule(), "large", o.variance);
  const Parts parts = parts_of(chain, sigma2, o);
  const double entropy = 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * o.variance);
  Findings findings;
  findings.near("bound of a network that answers " + concat(o.shrink) + " ε*, nats",
                measured_bound(process, o, context),
                entropy + parts.sum());
  const auto bound = diffusion::exact_bound(process.schedule(), {0.0, o.variance}, sigma2);
  findings.equal("bound of the best network − entropy = prior + variance + decoder",
                 bound.total() - entropy,
                 parts.prior + parts.variance + parts.decoder,
                 1e-9);
  // Two points: the step back is no Gaussian. Cosine, T = 50; fifty-digit values.
  const auto cosine = diffusion::make_gaussian_schedule({.kind = "cosine", .steps = 50});
  const diffusion::FiniteLaw law{{-1.0, 1.0}, {0.5, 0.5}};
  const auto coin =
      diffusion::finite_bound(cosine, law, diffusion::finite_data_errors(cosine, law), "best");
  findings.equal(
      "coin of 8-bit pixels, cosine T = 50: L_0, bits", coin.first, 0.8748575955210014, 1e-6);
  findings.equal(
      "the same: ΣL with the best scalar variance, bits", coin.middle, 1.0544517787154692, 1e-6);
  findings.at_least(
      "the same: bound over the entropy of 1 bit, from the shape alone", coin.total() - 1.0, 0.9);
  const std::vector<double> bits = {parts.prior / std::numbers::ln2,
                                    parts.variance / std::numbers::ln2,
                                    parts.decoder / std::numbers::ln2,
                                    parts.network / std::numbers::ln2};
  Panel panel{
      .title =
          concat("N(0, ", o.variance, "), T = ", o.steps, ", σ^2 = β, network ", o.shrink, " ε*"),
      .x = {.from = -0.6,
            .to = 3.6,
            .ticks = {{0, "prior"}, {1, "variance"}, {2, "decoder"}, {3, "network"}}},
      .y = {.label = "bits over the entropy", .logarithmic = true, .from = 1e-13, .to = 10.0},
      .legend = Legend::kNone};
  panel.layers.emplace_back(Curve{.x = {0, 1, 2, 3}, .y = bits, .stroke = Stroke::kStems});
  for (std::size_t i = 0; i < bits.size(); ++i) {
    char text[24];
    std::snprintf(text, sizeof text, "%.2g", bits[i]);
    panel.layers.emplace_back(Words{.text = text, .x = static_cast<double>(i), .y = bits[i] * 2.0});
  }
  Panel steps{
      .title = "The same over T",
      .x = {.label = "T", .logarithmic = true, .from = 20.0, .to = 1000.0},
      .y = {.label = "bits over the entropy", .logarithmic = true, .from = 1e-13, .to = 10.0},
      .legend = Legend::kBottomLeft};
  Curve prior{.label = "prior"}, variance{.label = "variance"}, decoder{.label = "decoder"},
      network{.label = "network"};
  for (const double t : geometric(25, 1000, 14)) {
    ApproximationsOptions other = o;
    other.steps = std::lround(t);
    const double s = 1000.0 / static_cast<double>(other.steps);
    const auto schedule = diffusion::make_gaussian_schedule({.kind = "linear",
                                                             .steps = other.steps,
                                                             .first = 1e-4 * s,
                                                             .last = std::min(0.02 * s, 0.999)});
    const Parts p = parts_of(ReferenceChain(schedule.beta),
                             diffusion::reverse_variances(schedule, "large", o.variance),
                             other);
    for (const auto& [curve, value] : {std::pair{&prior, p.prior},
                                       std::pair{&variance, p.variance},
                                       std::pair{&decoder, p.decoder},
                                       std::pair{&network, p.network}}) {
      curve->x.push_back(static_cast<double>(other.steps));
      curve->y.push_back(value / std::numbers::ln2);
    }
  }
  steps.layers = {prior, variance, decoder, network};
  findings.figure = {.title = "What each approximation costs", .columns = 2};
  findings.figure.panels = {panel, steps};
  return findings;
}

}  // namespace

Experiment approximations() {
  return make_experiment<ApproximationsOptions>(
      {.name = "approximations",
       .topic = "Reverse process",
       .title = "The bound exceeds the entropy by four costs, each of which can be computed alone.",
       .text =
           "For Gaussian data everything is exact: the prior N(0, 1) is not q(x_T); the reverse "
           "variance "
           "β_t is not the best one; the decoder's σ_1² is not Var(x_0|x_1); and the network, here "
           "one that answers a known multiple of the best noise estimate, is wrong. Their sum and "
           "the entropy are what the library measures on draws. A fifth cost does not exist for "
           "Gaussian data: for a coin the reverse step is no Gaussian, and with 50 steps that "
           "costs "
           "a whole bit.",
       .shows = {"prior mismatch, reverse family, decoder and network error, one by one",
                 "how each falls with T"}},
      run);
}

}  // namespace tessera::lab
