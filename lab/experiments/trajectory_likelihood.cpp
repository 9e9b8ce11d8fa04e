#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct TrajectoryLikelihoodOptions {
  double variance = 0.25;
  std::string reverse = "small";
  std::int64_t rows = 3000;
  std::int64_t paths = 64;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(reverse == "small" || reverse == "large",
                  kInvalidArgument,
                  "reverse must be small or large, got ",
                  reverse);
    TESSERA_CHECK(
        rows >= 100 && rows <= 1000000, kInvalidArgument, "rows must be 100 to 1e6, got ", rows);
    TESSERA_CHECK(
        paths >= 4 && paths <= 4096, kInvalidArgument, "paths must be 4 to 4096, got ", paths);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, TrajectoryLikelihoodOptions& o) {
  v("variance", o.variance, "of the Gaussian data");
  v("reverse", o.reverse, "variance of the reverse steps, small or large");
  v("rows", o.rows, "data points");
  v("paths", o.paths, "most paths for each of them");
  v("seed", o.seed, "of the draws");
}

/// Five steps, β = 0.1 … 0.5, that can be followed by hand.
diffusion::GaussianSchedule toy() {
  return diffusion::schedule_of_betas({0.1, 0.2, 0.3, 0.4, 0.5});
}

std::vector<double> variances_of(const ReferenceChain& chain, const std::string& kind) {
  std::vector<double> sigma2 = {0.0, chain.posterior_variance(2)};
  for (std::int64_t t = 2; t <= chain.steps(); ++t)
    sigma2.push_back(kind == "small" ? chain.posterior_variance(t) : chain.beta(t));
  return sigma2;
}

struct Exact {
  double bound = 0.0, cross_entropy = 0.0, entropy = 0.0, model_variance = 0.0;
};
Exact exact_of(const ReferenceChain& chain, const TrajectoryLikelihoodOptions& o) {
  const auto sigma2 = variances_of(chain, o.reverse);
  Exact exact{.bound = chain.prior_term(o.variance)};
  for (std::int64_t t = 1; t <= chain.steps(); ++t)
    exact.bound += chain.term(t, o.variance, sigma2[static_cast<std::size_t>(t)]);
  exact.model_variance = chain.sampler_variance(o.variance, sigma2);  // the last noise kept
  const double tau = 2 * std::numbers::pi;
  exact.cross_entropy =
      0.5 * (std::log(tau * exact.model_variance) + o.variance / exact.model_variance);
  exact.entropy = 0.5 * (std::log(tau * o.variance) + 1);
  return exact;
}

Findings run(const TrajectoryLikelihoodOptions& options, const Run& context) {
  TrajectoryLikelihoodOptions o = options;
  if (context.full()) {
    o.rows *= 10;
    o.paths *= 4;
  }
  const World world = normal_world(
      toy(), 0.0, o.variance, {.variance = diffusion::parse_gaussian_variance(o.reverse)});
  const ReferenceChain chain(world.process.schedule().beta);
  const Exact exact = exact_of(chain, o);
  const at::Tensor x0 = as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, 0}, {o.rows}));
  // -log p(x_0) of the model, which is Gaussian: what every row's estimate is compared with.
  const at::Tensor truth = 0.5 * (as_numbers(x0).square() / exact.model_variance +
                                  std::log(2 * std::numbers::pi * exact.model_variance));
  diffusion::GaussianBound bound(
      world.process, *world.denoiser, {.decoder = "continuous", .threshold = unlimited()});
  Findings findings;
  Curve means{.label = "estimate from K paths", .stroke = Stroke::kMarked};
  Band errors{.label = "± 2 standard errors", .colour = Colour::kBlue};
  double before = 1e300;
  for (std::int64_t k = 1; k <= o.paths; k *= 4) {
    context.report("paths", k, o.paths);
    std::vector<nn::Rng> paths;
    for (std::int64_t i = 0; i < k; ++i)
      paths.push_back(
          nn::Rng::of_run(o.seed + static_cast<std::uint64_t>(1000 * k + i), 0, o.rows));
    const Estimate excess = mean_of(as_numbers(bound.path_likelihood({x0, {}}, paths)) - truth);
    if (k == 1)
      findings.near("K = 1: mean − exact NLL is the bound's gap, nats",
                    excess,
                    exact.bound - exact.cross_entropy);
    findings.at_least(concat("K = ", k, ": never below the exact NLL"),
                      excess.value,
                      0.0,
                      4.5 * excess.standard_error);
    findings.at_most(concat("K = ", k, ": not above that of fewer paths"),
                     excess.value,
                     std::min(before, 1e9),
                     4.5 * excess.standard_error);
    before = excess.value;
    means.x.push_back(static_cast<double>(k));
    means.y.push_back(exact.cross_entropy + excess.value);
    errors.x.push_back(static_cast<double>(k));
    errors.low.push_back(means.y.back() - 2 * excess.standard_error);
    errors.high.push_back(means.y.back() + 2 * excess.standard_error);
  }
  findings.at_most("gap left with the most paths, share of the bound's gap",
                   before / (exact.bound - exact.cross_entropy),
                   0.15);
  if (o.variance == 0.25 && o.reverse == "small") {
    findings.equal("bound, fifty digits", exact.bound, 0.903565060536, 1e-11);
    findings.equal(
        "exact NLL of the model, fifty digits", exact.cross_entropy, 0.743579564820, 1e-11);
  }
  findings.at_least(
      "−log p lies below the bound: bound − NLL", exact.bound - exact.cross_entropy, 0.0);
  findings.at_least("cross entropy of data and model − entropy of the data",
                    exact.cross_entropy - exact.entropy,
                    0.0);
  findings.notes.push_back(concat("Cross entropy ",
                                  exact.cross_entropy,
                                  " nats = ",
                                  exact.cross_entropy / std::numbers::ln2,
                                  " bits a dimension; bound ",
                                  exact.bound / std::numbers::ln2,
                                  " bits; entropy of the data ",
                                  exact.entropy / std::numbers::ln2,
                                  " bits."));
  const std::vector<double> ends = {1, static_cast<double>(o.paths)};
  Panel panel{.title = concat("Five steps, N(0, ", o.variance, "), reverse variance ", o.reverse),
              .x = {.label = "paths K",
                    .logarithmic = true,
                    .from = 0.8,
                    .to = 1.3 * static_cast<double>(o.paths)},
              .y = {.label = "−log p(x_0), nats",
                    .from = exact.entropy - 0.03,
                    .to = exact.bound + 0.8 * (exact.bound - exact.entropy)},
              .layers = {errors,
                         means,
                         Curve{.label = "variational bound",
                               .x = ends,
                               .y = {exact.bound, exact.bound},
                               .stroke = Stroke::kDashed},
                         Curve{.label = "exact NLL of the model",
                               .x = ends,
                               .y = {exact.cross_entropy, exact.cross_entropy},
                               .stroke = Stroke::kDashed},
                         Curve{.label = "entropy of the data",
                               .x = ends,
                               .y = {exact.entropy, exact.entropy},
                               .stroke = Stroke::kDotted,
                               .colour = Colour::kBlack}}};
  Panel spread{.title = "Forward paths from one data point",
               .x = {.label = "t", .from = 0.0, .to = 5.0},
               .y = {.label = "x_t", .from = -3.0, .to = 3.0},
               .legend = Legend::kNone};
  for (std::uint32_t i = 0; i < 16; ++i) {
    at::Tensor x = at::full({1}, 0.8, at::kDouble);
    Curve path{.x = {0}, .y = {0.8}, .stroke = Stroke::kThin, .colour = Colour::kBlue};
    for (std::int64_t t = 1; t <= 5; ++t) {
      x = world.process.q_continue(
          x,
          times_of(t - 1),
          times_of(t),
          draw_normal({o.seed + 7 + i, static_cast<std::uint32_t>(t)}, {1}));
      path.x.push_back(static_cast<double>(t));
      path.y.push_back(x.item<double>());
    }
    spread.layers.emplace_back(path);
  }
  findings.figure = {.title = "The likelihood as an average over trajectories", .columns = 2};
  findings.figure.panels = {spread, panel};
  return findings;
}

}  // namespace

Experiment trajectory_likelihood() {
  return make_experiment<TrajectoryLikelihoodOptions>(
      {.name = "trajectory-likelihood",
       .topic = "Objective",
       .title = "p(x_0) is the mean of p(x_0…T)/q(x_1…T | x_0) over forward paths; the bound is "
                "its logarithm taken too early.",
       .text = "The integral over all trajectories becomes an expectation over the forward "
               "process, which "
               "is easy to draw from. One path before the logarithm gives the variational bound, "
               "K paths come down to the model's own −log p(x_0), which for Gaussian data is "
               "known. The "
               "direction: −log p ≤ bound. That the model's NLL in turn exceeds the entropy of the "
               "data "
               "is the cross entropy's share.",
       .shows = {"likelihood as a ratio of trajectories averaged over forward paths",
                 "cross entropy of data and model in nats and bits",
                 "the bound and its direction"}},
      run);
}

}  // namespace tessera::lab
