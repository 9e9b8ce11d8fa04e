#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "diffusion/discrete/categorical.h"
#include "diffusion/discrete/loss.h"
#include "diffusion/discrete/sampler.h"
#include "diffusion/discrete/transition.h"
#include "lab/experiments/discrete.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "lab/token_chain.h"

namespace tessera::lab {
namespace {

using diffusion::Transition;
using diffusion::TransitionOptions;

constexpr std::int64_t kCodes = 4;
constexpr std::array<double, 4> kData{0.5, 0.25, 0.15, 0.1};

struct CategoricalBitsOptions {
  std::int64_t samples = 40000;
  std::uint64_t seed = 1;
};
template <typename Visitor>
void visit_fields(Visitor& v, CategoricalBitsOptions& o) {
  v("samples", o.samples, "codes that the sampler draws");
  v("seed", o.seed, "seed of its noise");
}

at::Tensor data_law() {
  return at::tensor(at::ArrayRef<double>(kData.data(), 4), at::kDouble);
}

/// What a perfect network answers where the codes are independent draws of the data's law: [K + 1,
/// K] log p(x_0 | x_t), a row for each x_t. Bayes' rule on the chain's own q(x_t | x_0).
at::Tensor perfect_answers(const Transition& chain, std::int64_t t) {
  const at::Tensor forward = chain.dense({.early = 0, .late = t}).slice(0, 0, kCodes);
  const at::Tensor joint = data_law().unsqueeze(1) * forward;  // [x_0, x_t]
  const at::Tensor total = joint.sum(0, true);
  // A state that the chain cannot reach says nothing: the data's own law.
  const at::Tensor posterior = at::where(total > 0, joint / total, data_law().unsqueeze(1));
  return posterior.t().log();
}

struct Bits {
  std::vector<double> terms{};  // terms[t - 1] = L_{t-1}; terms[0] = L_0
  double prior = 0;
  double middle() const {
    double sum = 0;
    for (std::size_t i = 1; i < terms.size(); ++i) sum += terms[i];
    return sum;
  }
  double total() const { return terms.at(0) + middle() + prior; }
};

/// Every x_0 and x_t with its probability: the bound without Monte Carlo.
Bits enumerate(const Transition& chain) {
  const at::Tensor x0 = at::arange(kCodes).repeat_interleave(kCodes + 1).unsqueeze(1);
  const at::Tensor x_t = at::arange(kCodes + 1).repeat({kCodes}).unsqueeze(1);
  Bits bits;
  for (std::int64_t t = 1; t <= chain.steps(); ++t) {
    const at::Tensor forward = chain.dense({.early = 0, .late = t}).slice(0, 0, kCodes);
    const at::Tensor weight = (data_law().unsqueeze(1) * forward).reshape({-1});
    const at::Tensor logits = perfect_answers(chain, t).index_select(0, x_t.squeeze(1));
    const diffusion::DiscreteLoss loss =
        diffusion::discrete_loss(chain,
                                 {.x0 = x0,
                                  .x_t = x_t,
                                  .t = at::full({x0.size(0)}, t, at::kLong),
                                  .logits = logits.unsqueeze(1)},
                                 {});
    const at::Tensor bound = at::where(weight > 0, loss.bound, at::zeros_like(weight));
    bits.terms.push_back((weight * bound).sum().item<double>() / std::numbers::ln2);
  }
  const at::Tensor last = chain.dense({.early = 0, .late = chain.steps()}).slice(0, 0, kCodes);
  const at::Tensor gap =
      at::where(last > 0, (last.log() - chain.log_prior()), at::zeros_like(last));
  bits.prior = (data_law().unsqueeze(1) * last * gap).sum().item<double>() / std::numbers::ln2;
  return bits;
}

/// H(data) + KL(q(x_T) || p(x_T)), in plain code from the rates at T.
double floor_bits(double keep, double mask) {
  const double uniform = (1 - keep - mask) / kCodes;
  double bits = 0;
  for (const double p : kData) {
    bits -= p * std::log2(p);
    const double reached = p * keep + uniform;
    if (reached > 0) bits += reached * std::log2(reached / ((1 - mask) / kCodes));
  }
  return bits;
}

/// Draws with the perfect network; how often each code comes.
std::vector<double> sampled_law(const Transition& chain,
                                std::int64_t strides,
                                const CategoricalBitsOptions& options) {
  const auto sampler = diffusion::make_discrete_sampler("ancestral");
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed, 0, options.samples)};
  at::Tensor x = diffusion::draw_prior(chain, 1, noise, at::kCPU);
  for (const auto& time : sampler->plan(chain, {.steps = strides, .tokens = 1})) {
    const at::Tensor answers = perfect_answers(chain, time.from).index_select(0, x.squeeze(1));
    x = sampler->step(chain, {.log_x0 = answers.unsqueeze(1), .x_t = x, .time = time}, noise);
  }
  return numbers_of(at::bincount(x.squeeze(1), {}, kCodes).to(at::kDouble) /
                    static_cast<double>(options.samples));
}

Panel bits_panel(const std::string& title, const Bits& bits) {
  Panel panel{.title = title,
              .x = {.label = "step t", .from = 0.4, .to = 10.6},
              .y = {.label = "bits a code", .from = 0, .to = 0.25}};
  Histogram bars{.label = "L_{t-1}"};
  for (std::size_t i = 0; i <= bits.terms.size(); ++i) {
    bars.edges.push_back(static_cast<double>(i) + 0.5);
  }
  bars.heights = bits.terms;
  panel.layers.emplace_back(std::move(bars));
  return panel;
}

Panel law_panel(const std::vector<double>& drawn) {
  Panel panel{.title = "10 strides of T = 100",
              .x = {.label = "code",
                    .from = -0.6,
                    .to = 3.6,
                    .ticks = {{0, "0"}, {1, "1"}, {2, "2"}, {3, "3"}}},
              .y = {.label = "probability", .from = 0, .to = 0.6}};
  panel.layers.emplace_back(
      Histogram{.label = "drawn", .edges = {-0.5, 0.5, 1.5, 2.5, 3.5}, .heights = drawn});
  panel.layers.emplace_back(Curve{.label = "data",
                                  .x = {0, 1, 2, 3},
                                  .y = {kData.begin(), kData.end()},
                                  .stroke = Stroke::kPoints,
                                  .colour = Colour::kVermilion});
  return panel;
}

Findings run(const CategoricalBitsOptions& options, const Run& /*context*/) {
  Findings findings;
  findings.figure.title = "Bits of independent codes: the bound is their entropy";
  for (const std::int64_t steps : {4, 10, 100}) {
    const auto chain = diffusion::make_transition(evenly(steps), kCodes);
    const Bits bits = enumerate(*chain);
    const std::string name = "T=" + std::to_string(steps);
    findings.equal(name + ": L_0 + ΣL + L_T, bits", bits.total(), floor_bits(0, 0.9), 1e-9);
    if (steps == 4) findings.equal(name + ": L_0, bits", bits.terms[0], 0.536418589828452, 1e-9);
    if (steps == 4) findings.equal(name + ": L_1, bits", bits.terms[1], 0.479992889071001, 1e-9);
    if (steps == 10) {
      findings.equal(name + ": ΣL_{t-1}, bits", bits.middle(), 1.51649422028499, 1e-9);
      findings.figure.panels.push_back(bits_panel("mask 0.9 t/T, replace 0.1 t/T", bits));
    }
  }
  const auto published = diffusion::make_transition({.steps = 10}, kCodes);
  const Bits bits = enumerate(*published);
  findings.equal(
      "published rates, T=10: total, bits", bits.total(), floor_bits(9e-6, 0.99999), 1e-9);
  findings.equal("published rates: L_0, bits", bits.terms[0], 3.269334092810014e-05, 1e-9);
  findings.figure.panels.push_back(bits_panel("published rates: a mask decides", bits));
  const auto chain = diffusion::make_transition(evenly(100), kCodes);
  const std::vector<double> drawn = sampled_law(*chain, 10, options);
  for (std::size_t k = 0; k < drawn.size(); ++k) {
    const double p = kData[k];
    findings.near("share of code " + std::to_string(k) + ", 10 strides of 100",
                  {.value = drawn[k],
                   .standard_error = std::sqrt(p * (1 - p) / static_cast<double>(options.samples))},
                  p);
  }
  findings.figure.panels.push_back(law_panel(drawn));
  return findings;
}

}  // namespace

Experiment categorical_bits() {
  return make_experiment<CategoricalBitsOptions>(
      {.name = "categorical-bits",
       .topic = "Discrete diffusion",
       .title =
           "With a perfect network the bound of independent codes is their entropy, for any T.",
       .text =
           "For independent codes the true reverse step is again one categorical draw a code, so "
           "nothing is lost: L_0 + ΣL_{t-1} + L_T = H(π) + KL(q(x_T) ‖ p(x_T)), for every schedule "
           "and every number of steps, and strides of any width sample π itself. The bars show "
           "where along the chain the bits are spent: evenly where masks come evenly.",
       .shows = {"the bound of VQ-Diffusion term by term",
                 "independent of T and schedule",
                 "sampling with strides is exact for independent codes"}},
      run);
}

}  // namespace tessera::lab
