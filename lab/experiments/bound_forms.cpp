#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "diffusion/gaussian/theory.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct BoundFormsOptions {
  std::string schedule = "linear";
  std::int64_t steps = 50;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        steps >= 2 && steps <= 4000, kInvalidArgument, "steps must be 2 to 4000, got ", steps);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, BoundFormsOptions& o) {
  v("schedule", o.schedule, "linear, cosine, …");
  v("steps", o.steps, "T");
  v("seed", o.seed, "of the path");
}

double entropy(double variance) {
  return 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * variance);
}

/// E log q(x_1…T | x_0) - E log p(x_0…T), nothing rearranged: entropies of the forward steps, cross
/// entropies of the reverse ones and of the prior. Nats.
double direct_form(const ReferenceChain& chain, double v, const std::vector<double>& sigma2) {
  const double last = chain.variance(chain.steps(), v);
  double total = 0.5 * (std::log(2 * std::numbers::pi) + last);
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    const double s2 = sigma2[static_cast<std::size_t>(t)];
    const double error = t == 1 ? chain.data_variance_given(1, v) : chain.step_variance(t, v);
    total += 0.5 * (std::log(2 * std::numbers::pi * s2) + error / s2) - entropy(chain.beta(t));
  }
  return total;
}

/// -K of Sohl-Dickstein et al. 2015: Σ_{t>=2} KL - H(x_T|x_0) + H(x_1|x_0) + H_p(x_T).
double sohl_dickstein(const ReferenceChain& chain, const diffusion::ExactBound& bound) {
  return bound.middle() - entropy(chain.lost(chain.steps())) + entropy(chain.lost(1)) +
         entropy(1.0);
}

void compare(Findings& findings, const diffusion::GaussianSchedule& schedule) {
  const ReferenceChain chain(schedule.beta);
  for (const double v : {0.25, 1.0, 4.0}) {
    for (const char* kind : {"best", "large", "small", "beta"}) {
      const auto sigma2 = diffusion::reverse_variances(schedule, kind, v);
      const auto bound = diffusion::exact_bound(schedule, {0.0, v}, sigma2);
      findings.equal(concat("v = ", v, ", ", kind, ": L_T + ΣL + L_0 − the unrearranged sum"),
                     bound.total() - direct_form(chain, v, sigma2),
                     0.0,
                     1e-10);
    }
  }
  const auto unit = diffusion::exact_bound(
      schedule, {0.0, 1.0}, diffusion::reverse_variances(schedule, "beta", 1.0));
  findings.equal(
      "v = 1, σ² = β: bound is ½ln 2πe for any schedule", unit.total(), entropy(1.0), 1e-10);
  findings.equal("v = 1: −K of Sohl-Dickstein − DDPM's form",
                 sohl_dickstein(chain, unit) - unit.total(),
                 0.0,
                 1e-10);
  const auto quarter = diffusion::exact_bound(
      schedule, {0.0, 0.25}, diffusion::reverse_variances(schedule, "best", 0.25));
  // The edge p(x_0|x_1) = q(x_1|x_0) π(x_0)/π(x_1) leaves out the two π and H(x_T) of the model.
  const double edge =
      entropy(chain.lost(1)) -
      0.5 * (std::log(2 * std::numbers::pi * chain.data_variance_given(1, 0.25)) + 1);
  const double prior = -entropy(chain.lost(chain.steps())) + entropy(1.0) - chain.prior_term(0.25);
  findings.equal("v = 0.25: −K − DDPM's form is the edge and the prior entropy",
                 sohl_dickstein(chain, quarter) - quarter.total(),
                 edge + prior,
                 1e-10);
}

/// Log densities of one path of the library.
struct Path {
  double forward = 0.0;   // Σ_{t>=2} log q(x_t | x_{t-1})
  double reversed = 0.0;  // Σ_{t>=2} log q(x_{t-1} | x_t, x_0) + log q(x_T|x_0) - log q(x_1|x_0)
  double misprint = 0.0;  // Σ_{t>=2} log q(x_t | x_{t-1}) - log q(x_{t-1} | x_0)
};
Path path_of(const diffusion::GaussianProcess& process, const BoundFormsOptions& o) {
  const ReferenceChain chain(process.schedule().beta);
  const auto log_normal = [](double x, double m, double v) {
    return -0.5 * ((x - m) * (x - m) / v + std::log(2 * std::numbers::pi * v));
  };
  const at::Tensor x0 = at::full({1, 1}, 0.7, at::kDouble);
  at::Tensor before =
      process.q_continue(x0, times_of(0), times_of(1), draw_normal({o.seed, 1}, {1, 1}));
  Path path;
  path.reversed -= log_normal(before.item<double>(), std::sqrt(chain.kept(1)) * 0.7, chain.lost(1));
  for (std::int64_t t = 2; t <= process.steps(); ++t) {
    const at::Tensor x =
        process.q_continue(before,
                           times_of(t - 1),
                           times_of(t),
                           draw_normal({o.seed, static_cast<std::uint32_t>(t)}, {1, 1}));
    const double up = log_normal(
        x.item<double>(), std::sqrt(1 - chain.beta(t)) * before.item<double>(), chain.beta(t));
    path.forward += up;
    path.misprint +=
        up -
        log_normal(before.item<double>(), std::sqrt(chain.kept(t - 1)) * 0.7, chain.lost(t - 1));
    const auto posterior = process.posterior(x0, x, times_of(t), times_of(t - 1));
    path.reversed += log_normal(before.item<double>(),
                                posterior.mean.item<double>(),
                                posterior.log_variance.exp().item<double>());
    before = x;
  }
  path.reversed += log_normal(before.item<double>(),
                              std::sqrt(chain.kept(process.steps())) * 0.7,
                              chain.lost(process.steps()));
  return path;
}

Findings run(const BoundFormsOptions& o, const Run& /*context*/) {
  const double scale = 1000.0 / static_cast<double>(o.steps);
  const diffusion::GaussianProcess process(
      diffusion::make_gaussian_schedule({.kind = o.schedule,
                                         .steps = o.steps,
                                         .first = 1e-4 * scale,
                                         .last = std::min(0.02 * scale, 0.999)}));
  const auto& schedule = process.schedule();
  Findings findings;
  compare(findings, schedule);
  const Path path = path_of(process, o);
  findings.equal("one path: Σ log q(x_t|x_{t−1}) − the same turned round",
                 path.forward - path.reversed,
                 0.0,
                 1e-8);
  findings.at_least("wrong: the misprinted middle line is off by, nats",
                    std::abs(path.forward - path.misprint),
                    1.0);
  const ReferenceChain chain(schedule.beta);
  Curve total{.label = "DDPM: L_T + ΣL + L_0"},
      other{.label = "−K, edge by Bayes' rule", .stroke = Stroke::kDashed},
      truth{.label = "entropy of the data", .stroke = Stroke::kDotted, .colour = Colour::kBlack};
  for (const double v : geometric(0.05, 6, 50)) {
    const auto bound = diffusion::exact_bound(
        schedule, {0.0, v}, diffusion::reverse_variances(schedule, "beta", v));
    for (Curve* curve : {&total, &other, &truth}) curve->x.push_back(v);
    total.y.push_back(bound.total());
    other.y.push_back(sohl_dickstein(chain, bound));
    truth.y.push_back(entropy(v));
  }
  Panel forms{.title = concat("Two forms, σ^2 = β, ", o.schedule, ", T = ", o.steps),
              .x = {.label = "variance of the data", .logarithmic = true, .from = 0.05, .to = 6.0},
              .y = {.label = "nats", .from = -0.3, .to = 2.6},
              .layers = {total, other, truth},
              .legend = Legend::kTopLeft};
  Curve gap_total{.label = "DDPM"}, gap_other{.label = "−K", .stroke = Stroke::kDashed};
  for (std::size_t i = 0; i < total.x.size(); ++i) {
    gap_total.x.push_back(total.x[i]);
    gap_other.x.push_back(total.x[i]);
    gap_total.y.push_back(total.y[i] - truth.y[i]);
    gap_other.y.push_back(other.y[i] - truth.y[i]);
  }
  Panel gaps{.title = "Excess over the entropy",
             .x = {.label = "variance of the data", .logarithmic = true, .from = 0.05, .to = 6.0},
             .y = {.label = "nats"},
             .layers = {gap_total, gap_other}};
  findings.figure = {.title = "One bound, written in different ways", .columns = 2};
  findings.figure.panels = {forms, gaps};
  return findings;
}

}  // namespace

Experiment bound_forms() {
  return make_experiment<BoundFormsOptions>(
      {.name = "bound-forms",
       .topic = "Objective",
       .title = "L_T + ΣL_{t−1} + L_0 is the plain expectation of log q − log p, term by term "
                "turned round.",
       .text =
           "DDPM's form has three kinds of terms; before any rearranging the bound is a sum of "
           "entropies of "
           "forward steps and cross entropies of reverse ones. On Gaussian data both are closed "
           "and "
           "equal to 1e-10, for every variance. Sohl-Dickstein's K = −ΣKL + H(x_T|x_0) − "
           "H(x_1|x_0) "
           "− H(π) puts Bayes' rule with the prior π for the decoder (the edge): the same number "
           "for data of variance 1, not otherwise. One path of the chain shows the telescoping, "
           "and "
           "that a line printed in one set of notes is no identity.",
       .shows = {"both forms are the same number",
                 "K = −ΣKL + entropies",
                 "removing the edge effect, and what it changes",
                 "L_T + ΣL + L_0",
                 "a middle line of a derivation that is not an identity"}},
      run);
}

}  // namespace tessera::lab
