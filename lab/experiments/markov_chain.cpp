#include <algorithm>
#include <array>
#include <cstdio>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/transition.h"
#include "lab/experiments/groundwork.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct MarkovChainOptions {
  double first = 0.7;
  void validate() const {
    TESSERA_CHECK(
        first > 0 && first < 1, kInvalidArgument, "first must be between 0 and 1, got ", first);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, MarkovChainOptions& o) {
  v("first", o.first, "probability of the first of the two symbols in the data");
}

constexpr std::int64_t kSteps = 4;   // T
constexpr std::int64_t kStates = 3;  // A, B, mask

/// The joint q(x_0, …, x_4) [3, 3, 3, 3, 3] by enumeration of all 243 paths.
at::Tensor enumerate(const diffusion::Transition& chain, const at::Tensor& data) {
  at::Tensor joint = data;
  for (std::int64_t t = 1; t <= kSteps; ++t) {
    joint = joint.unsqueeze(-1) * chain.dense({t - 1, t});  // one more axis, the new state
  }
  return joint;
}

/// Sums out every axis but those named (ascending).
at::Tensor marginal(const at::Tensor& joint, std::initializer_list<std::int64_t> kept) {
  std::vector<std::int64_t> summed;
  for (std::int64_t axis = 0; axis <= kSteps; ++axis) {
    if (std::find(kept.begin(), kept.end(), axis) == kept.end()) summed.push_back(axis);
  }
  return joint.sum(summed);
}

double largest(const at::Tensor& difference) {
  return difference.nan_to_num(0.0).abs().max().item<double>();
}

void compare(Findings& findings,
             const diffusion::Transition& chain,
             const at::Tensor& data,
             const at::Tensor& joint) {
  findings.equal("sum of the joint over all 243 paths", joint.sum().item<double>(), 1.0, 1e-14);
  for (std::int64_t t = 1; t <= kSteps; ++t) {
    findings.equal(concat("largest |q(x_", t, ") enumerated − data times the product of matrices|"),
                   largest(marginal(joint, {t}) - data.matmul(chain.dense({0, t}))),
                   0.0,
                   1e-15);
  }
  // q(x_3 | x_2, x_1) does not know x_1.
  const at::Tensor triple = marginal(joint, {1, 2, 3});
  const at::Tensor given_both = triple / triple.sum(2, true);
  findings.equal(
      "largest |q(x_3 | x_2, x_1) − q(x_3 | x_2)|",
      largest(at::where(
          triple.sum(2, true) > 0, given_both - chain.dense({2, 3}), at::zeros_like(given_both))),
      0.0,
      1e-15);
  // Backwards it is a Markov chain too: q(x_1 | x_2, x_3) does not know x_3.
  const at::Tensor given_later = triple / triple.sum(0, true);
  const at::Tensor pair = marginal(joint, {1, 2});
  const at::Tensor given_next = (pair / pair.sum(0, true)).unsqueeze(-1);
  findings.equal(
      "largest |q(x_1 | x_2, x_3) − q(x_1 | x_2)|",
      largest(at::where(
          triple.sum(0, true) > 0, given_later - given_next, at::zeros_like(given_later))),
      0.0,
      1e-15);
}

/// q(x_2 | x_3, x_0) of the library against the enumerated joint.
void compare_posterior(Findings& findings,
                       const diffusion::Transition& chain,
                       const at::Tensor& joint) {
  const at::Tensor triple = marginal(joint, {0, 2, 3});
  double worst = 0.0;
  for (std::int64_t x0 = 0; x0 < 2; ++x0) {
    for (std::int64_t x3 = 0; x3 < kStates; ++x3) {
      const at::Tensor enumerated = triple[x0].select(1, x3) / triple[x0].select(1, x3).sum();
      const auto code = [](std::int64_t c) { return at::full({1, 1}, c, at::kLong); };
      const at::Tensor library =
          chain
              .log_true_posterior(
                  code(x0), code(x3), at::full({1}, 3, at::kLong), at::full({1}, 2, at::kLong))
              .exp()
              .view({kStates});
      worst = std::max(worst, largest(enumerated - library));
    }
  }
  findings.equal("largest |q(x_2 | x_3, x_0) by Bayes' rule − the library's|", worst, 0.0, 1e-14);
}

HeatMap heat_of(const at::Tensor& matrix) {
  return {.columns = matrix.size(1),
          .rows = matrix.size(0),
          .values = numbers_of(matrix),
          .x_first = 0,
          .x_last = static_cast<double>(matrix.size(1) - 1),
          .y_first = 0,
          .y_last = static_cast<double>(matrix.size(0) - 1)};
}

Panel matrix_panel(const std::string& title,
                   const at::Tensor& matrix,
                   std::int64_t from,
                   std::int64_t to) {
  const std::vector<Tick> names = {{0, "A"}, {1, "B"}, {2, "mask"}};
  Panel panel{
      .title = title,
      .x = {.label = concat("x_", to), .from = -0.5, .to = 2.5, .ticks = names},
      .y = {.label = concat("x_", from), .reversed = true, .from = -0.5, .to = 2.5, .ticks = names},
      .legend = Legend::kNone};
  panel.layers.emplace_back(heat_of(matrix));
  for (std::int64_t r = 0; r < kStates; ++r) {
    for (std::int64_t c = 0; c < kStates; ++c) {
      char text[16];
      std::snprintf(text, sizeof text, "%.2f", matrix[r][c].item<double>());
      panel.layers.emplace_back(
          Words{.text = text, .x = static_cast<double>(c), .y = static_cast<double>(r)});
    }
  }
  return panel;
}

Panel marginals_panel(const at::Tensor& joint) {
  Panel panel{.title = "Symbols give way to the mask",
              .x = {.label = "t", .from = 0.0, .to = 4.0},
              .y = {.label = "probability", .from = 0.0, .to = 1.0},
              .legend = Legend::kTopLeft};
  const std::array<std::string, 3> names = {"A", "B", "mask"};
  for (std::int64_t state = 0; state < kStates; ++state) {
    Curve curve{.label = names[static_cast<std::size_t>(state)], .stroke = Stroke::kMarked};
    for (std::int64_t t = 0; t <= kSteps; ++t) {
      curve.x.push_back(static_cast<double>(t));
      curve.y.push_back(marginal(joint, {t})[state].item<double>());
    }
    panel.layers.emplace_back(curve);
  }
  return panel;
}

Findings run(const MarkovChainOptions& options, const Run& /*context*/) {
  const auto chain = diffusion::make_transition(
      {.steps = kSteps, .keep_start = 0.8, .keep_end = 0.05, .mask_start = 0.15, .mask_end = 0.85},
      2);
  const at::Tensor data = tensor_of({options.first, 1 - options.first, 0});
  const at::Tensor joint = enumerate(*chain, data);
  Findings findings;
  compare(findings, *chain, data, joint);
  compare_posterior(findings, *chain, joint);
  const at::Tensor pair = marginal(joint, {2, 3});
  findings.figure = {.title = "A Markov chain is a product of conditionals"};
  findings.figure.panels = {matrix_panel("One step: q(x_3 | x_2)", chain->dense({2, 3}), 2, 3),
                            matrix_panel("Its joint with the past: q(x_2, x_3)", pair, 2, 3),
                            marginals_panel(joint)};
  return findings;
}

}  // namespace

Experiment markov_chain() {
  return make_experiment<MarkovChainOptions>(
      {.name = "markov-chain",
       .topic = "Groundwork",
       .title = "A chain's joint is a product of steps; backwards it is a chain too.",
       .text =
           "Two symbols and a mask, four steps: few enough to write down all 243 paths with their "
           "probabilities. Summing them gives every marginal, and each equals the data's row "
           "times the product of the matrices. Given x_2, x_3 does not depend on x_1, and given "
           "x_2, x_1 does not depend on x_3. Bayes' rule on the table gives the posterior that "
           "the library computes in closed form.",
       .shows = {"the chain rule with the Markov property",
                 "marginals are products of matrices",
                 "the reversed chain has the Markov property",
                 "the posterior of a step by enumeration"}},
      run);
}

}  // namespace tessera::lab
