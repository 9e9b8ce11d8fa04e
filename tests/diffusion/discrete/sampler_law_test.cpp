#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "diffusion/discrete/categorical.h"
#include "diffusion/discrete/sampler.h"
#include "diffusion/discrete/samplers/revealing.h"
#include "toy.h"

// What samplers put out with a denoiser that knows the data, against the law found by enumeration.
namespace tessera::diffusion {
namespace {

using oracle::Given;
using oracle::Real;
using oracle::Toy;
using oracle::Vector;

constexpr std::int64_t kRows = 20000;
constexpr double kSmall = 1e-6;  // a p-value that chance gives once in a million runs
constexpr double kTemperature = 4.5;

Toy two_tokens(const TransitionOptions& options) {
  return {.chain = oracle::make_chain(options, 3),
          .tokens = 2,
          .data = {0.30L, 0.04L, 0.01L, 0.02L, 0.25L, 0.08L, 0.05L, 0.05L, 0.20L}};
}

Toy three_tokens(const TransitionOptions& options) {
  return {.chain = oracle::make_chain(options, 2),
          .tokens = 3,
          .data = {0.35L, 0.02L, 0.03L, 0.10L, 0.05L, 0.15L, 0.05L, 0.25L}};
}

TransitionOptions absorbing(std::int64_t steps) {
  return {.kind = "absorbing", .schedule = "cosine-mask", .steps = steps};
}

/// A code can be seen at T too, so that what is given is evidence from the first stride on.
TransitionOptions nearly_absorbed(std::int64_t steps) {
  return {.kind = "absorbing", .schedule = "alpha1", .steps = steps};
}

TransitionOptions uniform(std::int64_t steps) {
  return {.kind = "uniform", .steps = steps, .keep_start = 0.9, .keep_end = 0.001};
}

/// Pictures that come out, counted.
std::vector<double> sample(const DiscreteSampler& sampler,
                           const Toy& toy,
                           std::int64_t wanted,
                           const Given& given = {}) {
  const auto q = make_transition(toy.chain.options, toy.chain.codes);
  const nn::Noise noise{.rng = nn::Rng::of_run(20, 0, kRows), .recorded = {}};
  const auto n = static_cast<std::int64_t>(toy.tokens);
  at::Tensor clean = at::full({n}, -1, at::kLong);
  for (std::size_t i = 0; i < given.size(); ++i) clean[static_cast<std::int64_t>(i)] = given[i];
  const at::Tensor locked = (clean >= 0).expand({kRows, n});
  at::Tensor x = at::where(locked, clean, draw_prior(*q, n, noise, at::kCPU));
  const auto digits_to_index = [&](std::int64_t base) {
    at::Tensor index = at::zeros({kRows}, at::kLong);
    for (std::int64_t i = 0; i < n; ++i) index = index * base + x.select(1, i);
    return index;
  };
  for (const TimeStep& time : sampler.plan(*q, {.steps = wanted, .tokens = n})) {
    const at::Tensor answers =
        toy.answers(static_cast<std::size_t>(sampler.network_time(time))).to(at::kFloat);
    const at::Tensor log_x0 = answers.index_select(0, digits_to_index(q->states()));
    x = sampler.step(*q, {.log_x0 = log_x0, .x_t = x, .time = time, .locked = locked}, noise);
  }
  EXPECT_LT(x.max().item<std::int64_t>(), q->codes());
  const at::Tensor counts =
      at::bincount(digits_to_index(q->codes()), {}, static_cast<std::int64_t>(toy.data.size()))
          .to(at::kDouble);
  return {counts.const_data_ptr<double>(), counts.const_data_ptr<double>() + counts.numel()};
}

std::vector<TimeStep> plan_of(const DiscreteSampler& sampler, const Toy& toy, std::int64_t wanted) {
  const auto q = make_transition(toy.chain.options, toy.chain.codes);
  return sampler.plan(*q, {.steps = wanted, .tokens = static_cast<std::int64_t>(toy.tokens)});
}

double fit(const std::vector<double>& counts, const Vector& law) {
  return oracle::chi_square_p(counts, {law.begin(), law.end()});
}

std::vector<Toy> toys() {
  return {two_tokens(oracle::friendly(6)),
          two_tokens(absorbing(6)),
          two_tokens(uniform(6)),
          three_tokens(oracle::friendly(8)),
          three_tokens(absorbing(8)),
          three_tokens({.steps = 8})};
}

TEST(AncestralLaw, AnyNumberOfStrides) {
  const auto sampler = make_discrete_sampler("ancestral");
  for (const Toy& toy : toys()) {
    const auto steps = static_cast<std::int64_t>(toy.chain.steps());
    for (const std::int64_t wanted : {std::int64_t{1}, std::int64_t{3}, steps / 2, steps}) {
      const auto plan = plan_of(*sampler, toy, wanted);
      const Vector law = oracle::pictures(toy, oracle::ancestral_law(toy, plan, {}));
      EXPECT_GT(fit(sample(*sampler, toy, wanted), law), kSmall) << toy.chain.label << wanted;
    }
  }
}

TEST(AncestralLaw, ConditionsOnLockedTokens) {
  const auto sampler = make_discrete_sampler("ancestral");
  for (const Toy& toy : {three_tokens(oracle::friendly(8)), three_tokens(absorbing(8))}) {
    const Given given{-1, 1, -1};
    for (const std::int64_t wanted : {1, 3, 8}) {
      const auto plan = plan_of(*sampler, toy, wanted);
      const Vector law = oracle::pictures(toy, oracle::ancestral_law(toy, plan, given));
      EXPECT_GT(fit(sample(*sampler, toy, wanted, given), law), kSmall) << toy.chain.label;
    }
  }
}

// One token is free: nothing is lost by drawing tokens apart, so every stride is exact.
TEST(AncestralLaw, OneFreeTokenHasTheConditionalLaw) {
  const auto sampler = make_discrete_sampler("ancestral");
  const Toy toy = three_tokens(nearly_absorbed(8));
  for (const Given& given : {Given{1, -1, 0}, Given{0, 0, -1}}) {
    for (const std::int64_t wanted : {1, 3, 8}) {
      const Vector exact = oracle::conditional(toy, given);
      EXPECT_GT(fit(sample(*sampler, toy, wanted, given), exact), kSmall);
    }
  }
}

TEST(AncestralLaw, MoreStepsComeNearerToTheData) {
  const auto sampler = make_discrete_sampler("ancestral");
  for (const Given& given : {Given{}, Given{-1, 1, -1}}) {
    double before = 1.0;
    for (const std::int64_t steps : {1, 4, 16, 64}) {
      const Toy toy = three_tokens(nearly_absorbed(steps));
      const auto plan = plan_of(*sampler, toy, steps);
      const Vector law = oracle::pictures(toy, oracle::ancestral_law(toy, plan, given));
      const double gap = oracle::total_variation(law, oracle::conditional(toy, given));
      EXPECT_LT(gap, 0.5 * before) << steps;
      before = gap;
    }
    EXPECT_LT(before, 0.01);
  }
}

TEST(ConfidenceLaw, AnyNumberOfStrides) {
  const auto sampler = make_discrete_sampler("confidence");
  for (const Toy& toy : toys()) {
    if (toy.chain.options.kind == "uniform") continue;
    for (const std::int64_t wanted : {1, 2, 3, 6}) {
      const auto plan = plan_of(*sampler, toy, wanted);
      const Vector law = oracle::confidence_law(toy, plan, {}, kTemperature);
      EXPECT_GT(fit(sample(*sampler, toy, wanted), oracle::pictures(toy, law)), kSmall)
          << toy.chain.label << " in " << wanted;
    }
  }
}

TEST(ConfidenceLaw, ConditionsOnLockedTokens) {
  const auto sampler = make_discrete_sampler("confidence");
  const Toy toy = three_tokens(absorbing(8));
  for (const std::int64_t wanted : {1, 2, 5}) {
    const auto plan = plan_of(*sampler, toy, wanted);
    const Given two_free{-1, 1, -1};
    const Vector law = oracle::confidence_law(toy, plan, two_free, kTemperature);
    EXPECT_GT(fit(sample(*sampler, toy, wanted, two_free), oracle::pictures(toy, law)), kSmall);
    const Given one_free{1, -1, 0};
    EXPECT_GT(fit(sample(*sampler, toy, wanted, one_free), oracle::conditional(toy, one_free)),
              kSmall);
  }
}

std::unique_ptr<const DiscreteSampler> make_revealing(const oracle::RevealRule& rule,
                                                      std::int64_t tokens_a_call) {
  const RevealOptions options{.prior_weight = rule.weight, .tokens_a_call = tokens_a_call};
  return rule.by_purity ? make_purity_sampler(options) : make_random_order_sampler(options);
}

constexpr oracle::RevealRule kRules[] = {{.by_purity = false, .weight = 0.0},
                                         {.by_purity = true, .weight = 0.0},
                                         {.by_purity = true, .weight = 2.0}};

TEST(RevealLaw, AnyNumberOfStridesAndCalls) {
  struct Walk {
    std::int64_t wanted;
    std::int64_t tokens_a_call;
  };
  for (const Toy& toy : toys()) {
    if (toy.chain.options.kind == "uniform") continue;
    for (const oracle::RevealRule& rule : kRules) {
      for (const Walk& walk : {Walk{2, 0}, Walk{3, 1}, Walk{6, 0}}) {
        const auto sampler = make_revealing(rule, walk.tokens_a_call);
        const Vector law = oracle::reveal_law(toy, plan_of(*sampler, toy, walk.wanted), {}, rule);
        EXPECT_GT(fit(sample(*sampler, toy, walk.wanted), oracle::pictures(toy, law)), kSmall)
            << toy.chain.label << " in " << walk.wanted << ", " << walk.tokens_a_call << " a call, "
            << sampler->name() << " " << rule.weight;
      }
    }
  }
}

TEST(RevealLaw, ConditionsOnLockedTokens) {
  const Toy toy = three_tokens(nearly_absorbed(8));
  for (const oracle::RevealRule& rule : kRules) {
    const auto sampler = make_revealing(rule, 0);
    for (const std::int64_t wanted : {2, 5}) {
      const Given two_free{-1, 1, -1};
      const auto plan = plan_of(*sampler, toy, wanted);
      const Vector law = oracle::reveal_law(toy, plan, two_free, rule);
      EXPECT_GT(fit(sample(*sampler, toy, wanted, two_free), oracle::pictures(toy, law)), kSmall);
    }
  }
}

// Tokens that do not depend on one another: the order in which they are shown does not matter, and
// the data come out exactly, in any number of calls.
TEST(RevealLaw, RandomOrderIsExactForIndependentTokens) {
  const Real first[] = {0.6L, 0.3L, 0.1L};
  const Real second[] = {0.2L, 0.2L, 0.6L};
  Toy toy{.chain = oracle::make_chain(absorbing(6), 3), .tokens = 2};
  for (const Real p : first) {
    for (const Real r : second) toy.data.push_back(p * r);
  }
  for (const std::int64_t wanted : {1, 2, 4, 6}) {
    const auto sampler = make_discrete_sampler("random-order");
    EXPECT_GT(fit(sample(*sampler, toy, wanted), toy.data), kSmall) << wanted;
  }
}

// Places one by one, in any order, with the exact p(x_0 | x_t): no two tokens are drawn apart, so
// dependence costs nothing either.
TEST(RevealLaw, OnePlaceACallIsExact) {
  const Toy toy = three_tokens(absorbing(8));
  const auto sampler = make_random_order_sampler({.reveals = {1, 1, 1, 0, 0, 0, 0}});
  EXPECT_GT(fit(sample(*sampler, toy, 8), toy.data), kSmall);
  const auto together = make_random_order_sampler({.reveals = {3, 0, 0, 0, 0, 0, 0}});
  EXPECT_LT(fit(sample(*together, toy, 8), toy.data), 1e-12) << "three at once lose dependence";
}

// One token, exact p(x_0 | x_t): the data come out for every stride (identity D2), from the law of
// x_T and, where there is a mask, from the mask. Without sampling.
TEST(AncestralLaw, OneTokenIsExactForEveryStride) {
  for (const oracle::Chain& chain : oracle::all_chains()) {
    const auto q = make_transition(chain.options, chain.codes);
    at::Tensor data = at::arange(1, chain.codes + 1, at::kDouble);
    data = data / data.sum();
    for (std::int64_t wanted = 1; wanted <= q->steps(); ++wanted) {
      const at::Tensor end =
          data.matmul(q->dense({.early = 0, .late = q->steps()}).narrow(0, 0, chain.codes));
      at::Tensor law = end;
      for (const TimeStep& time : even_plan({.trained = q->steps(), .wanted = wanted})) {
        const at::Tensor forward =
            q->dense({.early = 0, .late = time.from}).narrow(0, 0, chain.codes);
        const at::Tensor joint = (forward * data.unsqueeze(1)).t();  // [x_t, x_0]
        const at::Tensor sum = joint.sum(-1, true);
        const at::Tensor exact = at::where(sum > 0.0, joint / sum, data);
        const at::Tensor states = at::arange(q->states(), at::kLong).unsqueeze(0);
        const auto at_time = [](std::int64_t t) { return at::full({1}, t, at::kLong); };
        const at::Tensor step = q->log_posterior(
            exact.log().unsqueeze(0), states, at_time(time.from), at_time(time.to));
        law = law.matmul(step.squeeze(0).exp());
      }
      EXPECT_LE((law.narrow(0, 0, chain.codes) - data).abs().max().item<double>(), 1e-8)
          << chain.label << " in " << wanted;
    }
  }
}

// Two tokens, data AA or BB, each one half, exact marginals: probability of a valid pair when
// tokens are drawn apart, as found by an independent program.
struct Valid {
  std::int64_t steps;
  bool released;
  double from_mask;
  double from_prior;
};

TEST(AncestralLaw, TwoCorrelatedTokens) {
  const Valid table[] = {{2, false, 0.7685472390507839, 0.7794876137969031},
                         {4, false, 0.908727953175923, 0.915344334887947},
                         {10, false, 0.9763176893903969, 0.9781513636351871},
                         {25, false, 0.9936267912139578, 0.9940334749085888},
                         {100, false, 0.9989348238521435, 0.9989709946865247},
                         {2, true, 0.750004499965999, 0.7500085498564123},
                         {4, true, 0.9396222595078524, 0.9396233241003662},
                         {10, true, 0.9838394570596717, 0.9838397625301869},
                         {25, true, 0.9944658795881535, 0.9944659876769217},
                         {100, true, 0.9987177045067543, 0.9987177299875603}};
  for (const Valid& row : table) {
    const TransitionOptions options =
        row.released ? TransitionOptions{.steps = row.steps} : oracle::paper(row.steps);
    const auto q = make_transition(options, 2);
    at::Tensor masked = at::zeros({9}, at::kDouble);
    masked[8] = 1.0;
    const at::Tensor prior = q->log_prior().exp();
    at::Tensor laws = at::stack({masked, at::outer(prior, prior).view({9})});
    const at::Tensor states = at::arange(9, at::kLong);
    const at::Tensor x_t = at::stack({states.div(3, "floor"), states.remainder(3)}, 1);
    for (std::int64_t t = row.steps; t >= 1; --t) {
      const at::Tensor forward = q->dense({.early = 0, .late = t}).narrow(0, 0, 2);  // [x_0, x_t]
      const at::Tensor weight = forward.index_select(1, x_t.select(1, 0)) *
                                forward.index_select(1, x_t.select(1, 1));  // of AA, BB
      const at::Tensor p = (weight / weight.sum(0)).t().unsqueeze(1).expand({9, 2, 2});
      const at::Tensor step =
          q->log_posterior(
               p.log(), x_t, at::full({9}, t, at::kLong), at::full({9}, t - 1, at::kLong))
              .exp();
      const at::Tensor both = step.select(1, 0).unsqueeze(2) * step.select(1, 1).unsqueeze(1);
      laws = laws.matmul(both.reshape({9, 9}));
    }
    const at::Tensor valid = laws.select(1, 0) + laws.select(1, 4);
    EXPECT_NEAR(valid[0].item<double>(), row.from_mask, 1e-9) << row.steps;
    EXPECT_NEAR(valid[1].item<double>(), row.from_prior, 1e-9) << row.steps;
  }
}

}  // namespace
}  // namespace tessera::diffusion
