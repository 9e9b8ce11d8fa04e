#include <cmath>

#include <ATen/ATen.h>

#include "diffusion/discrete/transition.h"
#include "lab/experiments/discrete.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "lab/token_chain.h"

namespace tessera::lab {
namespace {

using diffusion::Transition;
using diffusion::TransitionOptions;

struct TransitionMatricesOptions {
  std::int64_t steps = 100;
  std::int64_t codes = 8;
};
template <typename Visitor>
void visit_fields(Visitor& v, TransitionMatricesOptions& o) {
  v("steps", o.steps, "steps T of the chain, 10 or more");
  v("codes", o.codes, "codes K of the codebook in the figure, 2 to 32");
}

/// Keep A, replace evenly, mask C, written out.
at::Tensor closed_form(double keep, double mask, std::int64_t codes) {
  const double uniform = (1 - keep - mask) / static_cast<double>(codes);
  at::Tensor out = at::zeros({codes + 1, codes + 1}, at::kDouble);
  out.slice(0, 0, codes).slice(1, 0, codes).fill_(uniform);
  out.slice(0, 0, codes).slice(1, 0, codes).diagonal().add_(keep);
  out.slice(0, 0, codes).select(1, codes).fill_(mask);
  out[codes][codes] = 1.0;
  return out;
}

void check_products(const TransitionMatricesOptions& options, Findings& findings) {
  const auto chain = diffusion::make_transition(evenly(options.steps), options.codes);
  at::Tensor product = at::eye(options.codes + 1, at::kDouble);
  double rows = 0;
  double gap = 0;
  for (std::int64_t t = 1; t <= options.steps; ++t) {
    const at::Tensor step = chain->dense({.early = t - 1, .late = t});
    rows = std::max(rows, (step.sum(1) - 1).abs().max().item<double>());
    product = product.matmul(step);
    const double time = static_cast<double>(t) / static_cast<double>(options.steps);
    gap = std::max(gap,
                   largest_difference(product, closed_form(1 - time, 0.9 * time, options.codes)));
  }
  findings.equal("largest |row sum - 1| of the one-step matrices", rows, 0, 1e-12);
  findings.equal("largest |product of t steps - closed form|, all t", gap, 0, 1e-12);
}

/// Four steps and four codes, so that everything can be worked out by hand.
void check_small_case(Findings& findings) {
  const auto chain = diffusion::make_transition(evenly(4), 4);
  const at::Tensor second = chain->dense({.early = 1, .late = 2});
  findings.equal("T=4, K=4: beta at t=2", second[0][1].item<double>(), 1.0 / 93, 1e-12);
  findings.equal("T=4, K=4: gamma at t=2", second[0][4].item<double>(), 9.0 / 31, 1e-12);
  const auto posterior = [&](std::int64_t t, std::int64_t x_t, std::int64_t x0, std::int64_t x) {
    const auto at_one = [](std::int64_t value) { return at::full({1, 1}, value, at::kLong); };
    const at::Tensor log_p = chain->log_true_posterior(
        at_one(x0), at_one(x_t), at::full({1}, t, at::kLong), at::full({1}, t - 1, at::kLong));
    return log_p[0][0][x].exp().item<double>();
  };
  // Bayes' rule by hand: q(x_t | x_s) q(x_s | x_0) over its sum.
  findings.equal("q(x_1=1 | x_2=1, x_0=0)", posterior(2, 1, 0, 1), 0.338709677419355, 1e-12);
  findings.equal("q(x_1=0 | x_2=mask, x_0=0)", posterior(2, 4, 0, 0), 0.487903225806452, 1e-12);
  findings.equal("q(x_2=2 | x_3=mask, x_0=2)", posterior(3, 4, 2, 2), 0.310606060606061, 1e-12);
  findings.equal("q(x_3=3 | x_4=0, x_0=3)", posterior(4, 0, 3, 3), 0.826923076923077, 1e-12);
}

Panel matrix_panel(const Transition& chain, std::int64_t t) {
  const at::Tensor matrix = chain.dense({.early = 0, .late = t});
  const std::int64_t states = chain.states();
  const auto last = static_cast<double>(states - 1);
  std::vector<Tick> ticks{{0, "0"}, {last, "mask"}};
  Panel panel{
      .title = "Q̄_{" + std::to_string(t) + "}: from a row's state to a column's",
      .x = {.label = "x_t", .from = -0.5, .to = last + 0.5, .ticks = ticks},
      .y = {.label = "x_0", .reversed = true, .from = -0.5, .to = last + 0.5, .ticks = ticks},
      .legend = Legend::kNone,
      .equal_scales = true};
  panel.layers.emplace_back(HeatMap{.label = "probability",
                                    .columns = states,
                                    .rows = states,
                                    .values = numbers_of(matrix),
                                    .x_first = 0,
                                    .x_last = last,
                                    .y_first = 0,
                                    .y_last = last});
  return panel;
}

/// Where a code is after t steps: kept, replaced, masked.
Panel rates_panel(const Transition& chain, const std::string& title) {
  std::vector<double> time, keep, replace, mask;
  for (std::int64_t t = 0; t <= chain.steps(); ++t) {
    const at::Tensor row = chain.dense({.early = 0, .late = t})[0];
    const double other = row[1].item<double>();
    time.push_back(static_cast<double>(t));
    keep.push_back(row[0].item<double>() - other);
    replace.push_back(other * static_cast<double>(chain.codes()));
    mask.push_back(row[chain.codes()].item<double>());
  }
  Panel panel{.title = title,
              .x = {.label = "step t", .from = 0, .to = static_cast<double>(chain.steps())},
              .y = {.label = "probability", .from = 0, .to = 1.02},
              .legend = Legend::kTopLeft};
  panel.layers.emplace_back(Curve{.label = "kept", .x = time, .y = keep});
  panel.layers.emplace_back(Curve{.label = "masked", .x = time, .y = mask});
  panel.layers.emplace_back(Curve{.label = "replaced", .x = time, .y = replace});
  return panel;
}

Findings run(const TransitionMatricesOptions& options, const Run& /*context*/) {
  Findings findings;
  check_products(options, findings);
  check_small_case(findings);
  const auto paper = diffusion::make_transition(evenly(options.steps), options.codes);
  const auto code = diffusion::make_transition({.steps = options.steps}, options.codes);
  findings.figure.title = "The forward chain over codes: keep, replace, mask";
  findings.figure.columns = 2;
  findings.figure.panels = {rates_panel(*paper, "mask 0.9 t/T, replace 0.1 t/T"),
                            rates_panel(*code, "as published in code: practically only masks"),
                            matrix_panel(*paper, options.steps * 3 / 10),
                            matrix_panel(*paper, options.steps * 8 / 10)};
  findings.notes.push_back("A masked code stays masked: the last row of every matrix is 0 … 0 1.");
  return findings;
}

}  // namespace

Experiment transition_matrices() {
  return make_experiment<TransitionMatricesOptions>(
      {.name = "transition-matrices",
       .topic = "Discrete diffusion",
       .title = "A code is kept, replaced by any other, or masked; t steps are one matrix.",
       .text =
           "One step of VQ-Diffusion's chain keeps a code with α_t + β_t, makes it any of the K "
           "codes with β_t each, and masks it with γ_t. Because the family is closed under "
           "products, t steps need no product at all: ᾱ_t, β̄_t and γ̄_t say it. Above: how "
           "much of a code is left; below: two of the cumulative matrices, the mask last.",
       .shows = {"transition matrix with α, β, γ",
                 "rows sum to one",
                 "product of steps is a closed form",
                 "posteriors by Bayes' rule"}},
      run);
}

}  // namespace tessera::lab
