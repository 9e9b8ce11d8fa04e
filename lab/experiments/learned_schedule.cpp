#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/schedule.h"
#include "diffusion/gaussian/theory.h"
#include "lab/experiments/forward.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/tiny_network.h"

namespace tessera::lab {
namespace {

struct LearnedScheduleOptions {
  std::int64_t steps = 10;
  double variance = 0.25;
  double first = 0.001;
  std::int64_t iterations = 400;
  void validate() const {
    TESSERA_CHECK(
        steps >= 3 && steps <= 100, kInvalidArgument, "steps must be 3 to 100, got ", steps);
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(
        first > 0 && first < 0.5, kInvalidArgument, "first must be between 0 and 0.5, got ", first);
    TESSERA_CHECK(iterations >= 10 && iterations <= 100000,
                  kInvalidArgument,
                  "iterations must be 10 to 1e5, got ",
                  iterations);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, LearnedScheduleOptions& o) {
  v("steps", o.steps, "T");
  v("variance", o.variance, "of the Gaussian data");
  v("first", o.first, "β_1, which is held");
  v("iterations", o.iterations, "of gradient descent");
}

/// β_1 held; the others by their log-odds.
diffusion::GaussianSchedule schedule_of(const std::vector<double>& odds, double first) {
  std::vector<double> betas = {first};
  for (const double u : odds) betas.push_back(1 / (1 + std::exp(-u)));
  return diffusion::schedule_of_betas(betas);
}

double bound_of(const diffusion::GaussianSchedule& schedule, const LearnedScheduleOptions& o) {
  const auto sigma2 = diffusion::reverse_variances(schedule, "beta", o.variance);
  return diffusion::exact_bound(schedule, {0.0, o.variance}, sigma2).total();
}

double reference_bound(const diffusion::GaussianSchedule& schedule,
                       const LearnedScheduleOptions& o) {
  const ReferenceChain chain(schedule.beta);
  double total = chain.prior_term(o.variance);
  for (std::int64_t t = 1; t <= chain.steps(); ++t)
    total += chain.term(t, o.variance, chain.beta(t));
  return total;
}

/// Central differences of the library's bound.
std::vector<double> gradient(const std::vector<double>& odds, const LearnedScheduleOptions& o) {
  constexpr double kStep = 1e-5;
  std::vector<double> out;
  for (std::size_t i = 0; i < odds.size(); ++i) {
    auto shifted = odds;
    shifted[i] += kStep;
    const double up = bound_of(schedule_of(shifted, o.first), o);
    shifted[i] -= 2 * kStep;
    out.push_back((up - bound_of(schedule_of(shifted, o.first), o)) / (2 * kStep));
  }
  return out;
}

struct Descent {
  diffusion::GaussianSchedule before{}, after{};
  std::vector<double> bound{};
  double slope = 0.0;  // largest entry of the last gradient
};

Descent descend(const LearnedScheduleOptions& o, const Run& run) {
  std::vector<double> start;
  for (std::int64_t t = 2; t <= o.steps; ++t) {  // linear up to 0.6
    const double beta =
        o.first + (0.6 - o.first) * static_cast<double>(t - 1) / static_cast<double>(o.steps - 1);
    start.push_back(std::log(beta / (1 - beta)));
  }
  at::Tensor odds = tensor_of(start);
  Adam adam({odds});
  Descent descent{.before = schedule_of(start, o.first)};
  for (std::int64_t i = 0; i < o.iterations; ++i) {
    if (i % 50 == 0) run.report("descent", i, o.iterations);
    const auto now = numbers_of(odds);
    descent.bound.push_back(bound_of(schedule_of(now, o.first), o));
    const auto slope = gradient(now, o);
    // A linear function with this gradient: Adam takes it from there.
    const double left = 1 - static_cast<double>(i) / static_cast<double>(o.iterations);
    adam.minimise((odds * tensor_of(slope)).sum(), 0.1 * left);
  }
  const auto last = numbers_of(odds);
  descent.after = schedule_of(last, o.first);
  descent.bound.push_back(bound_of(descent.after, o));
  for (const double g : gradient(last, o)) descent.slope = std::max(descent.slope, std::abs(g));
  return descent;
}

Findings run(const LearnedScheduleOptions& options, const Run& context) {
  LearnedScheduleOptions o = options;
  if (context.full()) o.iterations *= 5;
  const Descent descent = descend(o, context);
  const double entropy = 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * o.variance);
  Findings findings;
  findings.equal(
      "bound before, nats", descent.bound.front(), reference_bound(descent.before, o), 1e-10);
  findings.equal(
      "bound after, nats", descent.bound.back(), reference_bound(descent.after, o), 1e-10);
  findings.at_most("the bound falls by (nats, negative = falls)",
                   descent.bound.back() - descent.bound.front(),
                   -1e-3);
  findings.at_least("and stays above the entropy", descent.bound.back(), entropy);
  findings.at_most("largest slope left at the end", descent.slope, 2e-3);
  findings.equal("β_1 was held", descent.after.beta[1], o.first, 1e-15);
  findings.notes.push_back(concat("K (minus the bound, bits): ",
                                  -descent.bound.front() / std::numbers::ln2,
                                  " before, ",
                                  -descent.bound.back() / std::numbers::ln2,
                                  " after; no schedule can exceed ",
                                  -entropy / std::numbers::ln2,
                                  "."));
  const auto times = counted(o.steps);
  const auto tail = [](const std::vector<double>& all) {
    return std::vector<double>(all.begin() + 1, all.end());
  };
  Panel betas{.title = "The schedule before and after",
              .x = {.label = "t", .from = 0.0, .to = static_cast<double>(o.steps) + 1},
              .y = {.label = "β_t", .from = 0.0, .to = 1.0},
              .layers = {Curve{.label = "linear, at the start",
                               .x = times,
                               .y = tail(descent.before.beta),
                               .stroke = Stroke::kMarked},
                         Curve{.label = "learned",
                               .x = times,
                               .y = tail(descent.after.beta),
                               .stroke = Stroke::kMarked},
                         Curve{.label = "ᾱ_t learned",
                               .x = times,
                               .y = tail(descent.after.alpha_bar),
                               .stroke = Stroke::kDashed}},
              .legend = Legend::kBelow};
  const auto steps = counted(static_cast<std::int64_t>(descent.bound.size()));
  Panel trace{.title = "The bound of −log p(x_0)",
              .x = {.label = "iteration", .from = 0.0, .to = steps.back()},
              .y = {.label = "nats"},
              .layers = {Curve{.label = "bound", .x = steps, .y = descent.bound},
                         Curve{.label = "entropy of the data",
                               .x = {0, steps.back()},
                               .y = {entropy, entropy},
                               .stroke = Stroke::kDashed,
                               .colour = Colour::kBlack}}};
  findings.figure = {.title = concat("Learning β with T = ", o.steps), .columns = 2};
  findings.figure.panels = {betas, trace};
  return findings;
}

}  // namespace

Experiment learned_schedule() {
  return make_experiment<LearnedScheduleOptions>(
      {.name = "learned-schedule",
       .topic = "Forward process",
       .title = "The variances of a short chain can be learned by descending the bound.",
       .text =
           "Gaussian data, the best network, reverse variance β_t, T = 10. The bound is a function "
           "of the "
           "schedule alone; gradient descent on the log-odds of β_2…β_T lowers it (Sohl-Dickstein "
           "et al. 2015 did this with frozen noise, and held β_1 small as here, since a first step "
           "without noise would let the bound run away on discrete data). With few steps "
           "the gain is clear; with a thousand hardly any schedule is bad.",
       .shows = {"β can be learned, with the first one held", "the bound before and after"}},
      run);
}

}  // namespace tessera::lab
