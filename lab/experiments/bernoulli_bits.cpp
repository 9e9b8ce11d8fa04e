#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bernoulli.h"
#include "lab/experiments/nonequilibrium.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct BernoulliBitsOptions {
  double equilibrium = 0.5;
};
template <typename Visitor>
void visit_fields(Visitor& v, BernoulliBitsOptions& o) {
  v("equilibrium", o.equilibrium, "activity of a bit at T in the figure, between 0 and 1");
}

BernoulliProcess process_of(std::int64_t steps, double equilibrium) {
  return {make_gaussian_schedule({.kind = "inverse", .steps = steps}), equilibrium};
}

at::Tensor bits_of(const std::vector<double>& values) {
  return tensor_of(values);
}

/// P(x_0 = 1 | x_t) of one bit of activity p, for x_t = 0 and 1, by Bayes' rule.
at::Tensor perfect_answer(const BernoulliProcess& process, double p, std::int64_t t) {
  const at::Tensor time = at::full({2}, t, at::kLong);
  const at::Tensor ones = process.marginal(bits_of({1, 1}), time);
  const at::Tensor zeros = process.marginal(bits_of({0, 0}), time);
  const at::Tensor seen = bits_of({0, 1});
  const at::Tensor with_one = p * at::where(seen > 0, ones, 1 - ones);
  const at::Tensor with_zero = (1 - p) * at::where(seen > 0, zeros, 1 - zeros);
  return with_one / (with_one + with_zero);
}

struct Terms {
  std::vector<double> steps{};  // steps[t - 1] = L_{t-1} in bits
  double prior = 0;
  double total() const {
    double sum = prior;
    for (const double term : steps) sum += term;
    return sum;
  }
};

/// The bound of one bit with the perfect network, by all four pairs (x_0, x_t).
Terms enumerate(const BernoulliProcess& process, double p) {
  const at::Tensor x0 = bits_of({0, 0, 1, 1});
  const at::Tensor x_t = bits_of({0, 1, 0, 1});
  const at::Tensor weight0 = bits_of({1 - p, 1 - p, p, p});
  Terms terms;
  for (std::int64_t t = 1; t <= process.steps(); ++t) {
    const at::Tensor time = at::full({4}, t, at::kLong);
    const at::Tensor on = process.marginal(x0, time);
    const at::Tensor weight = weight0 * at::where(x_t > 0, on, 1 - on);
    const at::Tensor answer = perfect_answer(process, p, t).repeat({2});
    const at::Tensor kl = bernoulli_kl(process.posterior(x0, x_t, time, time - 1),
                                       process.reverse(answer, x_t, time, time - 1));
    terms.steps.push_back((weight * kl).sum().item<double>() / std::numbers::ln2);
  }
  const at::Tensor last =
      process.marginal(bits_of({0, 1}), at::full({2}, process.steps(), at::kLong));
  const at::Tensor prior = bernoulli_kl(last, at::full({2}, process.equilibrium(), at::kDouble));
  terms.prior = (bits_of({1 - p, p}) * prior).sum().item<double>() / std::numbers::ln2;
  return terms;
}

double bits_of_coin(double p) {
  return -p * std::log2(p) - (1 - p) * std::log2(1 - p);
}

Findings run(const BernoulliBitsOptions& options, const Run& /*context*/) {
  Findings findings;
  for (const double p : {0.2, 0.5, 0.9}) {
    for (const std::int64_t steps : {2, 10, 100}) {
      findings.equal(concat("p=", p, ", T=", steps, ": L_0 + ΣL + L_T, bits"),
                     enumerate(process_of(steps, 0.5), p).total(),
                     bits_of_coin(p),
                     1e-9);
    }
  }
  findings.equal(
      "p=0.2, T=10: L_0, bits", enumerate(process_of(10, 0.5), 0.2).steps[0], 0.23031374846, 1e-9);
  // Posteriors of the published table's kernel, worked by hand: T = 10, equilibrium 1/2.
  const BernoulliProcess ten = process_of(10, 0.5);
  const auto posterior = [&](double x0, double x_t, std::int64_t t) {
    const at::Tensor time = at::full({1}, t, at::kLong);
    return ten.posterior(bits_of({x0}), bits_of({x_t}), time, time - 1).item<double>();
  };
  findings.equal("q(x_1=1 | x_2=1, x_0=1)", posterior(1, 1, 2), 0.996913580246914, 1e-12);
  findings.equal("q(x_2=1 | x_3=0, x_0=1)", posterior(1, 0, 3), 0.375, 1e-12);
  findings.equal("q(x_8=1 | x_9=1, x_0=0)", posterior(0, 1, 9), 2.0 / 3, 1e-12);
  const at::Tensor product = multiply_bits(bits_of({0.3}), bits_of({0.8}));
  findings.equal("0.3 times 0.8 as distributions of a bit",
                 product.item<double>(),
                 0.24 / (0.24 + 0.14),
                 1e-12);

  Panel decay{.title = "a bit is drawn anew with β_t = 1/(T-t+1)",
              .x = {.label = "step t of T = 50", .from = 0, .to = 50},
              .y = {.label = "P(x_t = 1 | x_0)", .from = 0, .to = 1}};
  const BernoulliProcess fifty = process_of(50, options.equilibrium);
  for (const double x0 : {1.0, 0.0}) {
    Curve curve{.label = x0 > 0 ? "x_0 = 1" : "x_0 = 0"};
    for (std::int64_t t = 0; t <= 50; ++t) {
      curve.x.push_back(static_cast<double>(t));
      curve.y.push_back(fifty.marginal(bits_of({x0}), at::full({1}, t, at::kLong)).item<double>());
    }
    decay.layers.emplace_back(std::move(curve));
  }
  Panel bars{.title = "where the bits of a bit are spent, T = 20",
             .x = {.label = "step t", .from = 0, .to = 21},
             .y = {.label = "L_{t-1}, bits", .from = 0}};
  for (const double p : {0.5, 0.2, 0.9}) {
    const Terms terms = enumerate(process_of(20, 0.5), p);
    bars.layers.emplace_back(
        Curve{.label = concat("p = ", p, ": sum ", std::round(1e4 * terms.total()) / 1e4, " = H"),
              .x = counted(20),
              .y = terms.steps,
              .stroke = Stroke::kMarked});
  }
  findings.figure = {.title = "Binomial diffusion: the chain of a bit", .panels = {decay, bars}};
  return findings;
}

}  // namespace

Experiment bernoulli_bits() {
  return make_experiment<BernoulliBitsOptions>(
      {.name = "bernoulli-bits",
       .topic = "Nonequilibrium thermodynamics",
       .title =
           "Diffusion of bits: for one bit the reverse step has the forward step's form, exactly.",
       .text =
           "Each step draws a bit anew with probability β_t. For a single bit the reverse of a "
           "Bernoulli step is Bernoulli at any step size, so with the perfect network the bound "
           "is the entropy H(p) for every T, unlike in the Gaussian chain, where the reverse is "
           "Gaussian only for small steps. Where along the chain the bits are spent depends on "
           "p; their sum does not depend on T.",
       .shows = {"binomial diffusion",
                 "multiplying distributions of bits",
                 "the bound of one bit is its entropy"}},
      run);
}

}  // namespace tessera::lab
