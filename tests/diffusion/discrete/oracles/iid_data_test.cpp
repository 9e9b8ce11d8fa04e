#include "diffusion/discrete/oracles/iid_data.h"

#include <cmath>
#include <cstdio>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/loss.h"
#include "diffusion/discrete/rate_table.h"
#include "diffusion/discrete/sampler.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

// The discrete path with networks that know the answer, against an independent program.
namespace tessera::diffusion {
namespace {

using test::expect_close;
using test::group;
using test::number;

/// "paper": masks grow to 0.9 and replacements to 0.1, linearly from 0; "code": as released.
std::unique_ptr<const Transition> chain(const std::string& kind,
                                        std::int64_t steps,
                                        std::int64_t codes) {
  if (kind == "code") return make_transition({.steps = steps}, codes);
  const auto share = 1.0 / static_cast<double>(steps);
  return make_transition({.steps = steps,
                          .keep_start = 1.0 - share,
                          .keep_end = 0.0,
                          .mask_start = 0.9 * share,
                          .mask_end = 0.9},
                         codes);
}

const std::vector<double> kLaw = {0.5, 0.25, 0.15, 0.1};
constexpr std::int64_t kCodes = 4;

/// All pairs of x_0 and x_t, a row each, and their probability at time t.
struct Pairs {
  at::Tensor x0{};
  at::Tensor x_t{};
  at::Tensor probability{};
};
Pairs pairs_at(const Transition& q, std::int64_t t) {
  Pairs pairs;
  const at::Tensor all = at::arange(kCodes * (kCodes + 1), at::kLong);
  pairs.x0 = all.div(kCodes + 1, "trunc").unsqueeze(1);
  pairs.x_t = all.remainder(kCodes + 1).unsqueeze(1);
  const at::Tensor time = at::full_like(all, t);
  const at::Tensor log_q = q.log_q(pairs.x0, at::zeros_like(time), time).select(1, 0);
  pairs.probability = at::tensor(kLaw, at::kDouble).index_select(0, pairs.x0.squeeze(1)) *
                      log_q.gather(1, pairs.x_t).squeeze(1).exp();
  return pairs;
}

TEST(IidDenoiser, TheBoundOfTheDiscreteChainIsTheEntropy) {
  for (const std::string& name : test::groups_below("categorical_bits/")) {
    char kind[8];
    int steps = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "categorical_bits/%7[a-z]_T%d", kind, &steps), 2);
    const auto q = chain(kind, steps, kCodes);
    const auto denoiser = make_iid_denoiser(*q, kLaw);
    const io::Json& want = group(name);
    double middle = 0, first = 0;
    for (std::int64_t t = 1; t <= steps; ++t) {
      const Pairs p = pairs_at(*q, t);
      const at::Tensor time = at::full({p.x0.size(0)}, t, at::kLong);
      const at::Tensor bound =
          discrete_loss(
              *q,
              {.x0 = p.x0, .x_t = p.x_t, .t = time, .logits = denoiser->forward(p.x_t, time, {})},
              {})
              .bound.to(at::kDouble);
      const at::Tensor terms = at::where(p.probability > 0, bound * p.probability, 0.0);
      const double bits = terms.sum().item<double>() / std::log(2.0);
      (t == 1 ? first : middle) += bits;
      const io::Json& per_t = want.at("per_t");
      if (per_t.contains(std::to_string(t))) {
        expect_close(bits, number(per_t, std::to_string(t)), 1e-9, name + " t");
      }
    }
    const Pairs last = pairs_at(*q, steps);
    const at::Tensor time = at::full({last.x0.size(0)}, steps, at::kLong);
    const at::Tensor log_q =
        q->log_q(last.x0, at::zeros_like(time), time).select(1, 0).gather(1, last.x_t).squeeze(1);
    const at::Tensor log_prior = q->log_prior().index_select(0, last.x_t.squeeze(1));
    const double prior =
        at::where(last.probability > 0, last.probability * (log_q - log_prior), 0.0)
            .sum()
            .item<double>() /
        std::log(2.0);
    expect_close(first, number(want, "L0"), 1e-8, name);
    expect_close(middle, number(want, "sumL"), 1e-9, name);
    expect_close(prior, number(want, "LT"), 1e-8, name, 1e-14);
    expect_close(first + middle + prior, number(want, "total"), 1e-9, name);
  }
}

TEST(IidDenoiser, RatesAndPosteriorsOfTheFourStepChain) {
  const auto q = chain("paper", 4, kCodes);
  for (const auto& item : group("categorical/paper_T4_rates").items()) {
    const std::int64_t t = std::stoll(item.key());
    const Rates step = q->rates()->between({.early = t - 1, .late = t});
    const Rates all = q->rates()->between({.early = 0, .late = t});
    const auto close = [&](double got, const char* key) {
      expect_close(got, number(item.value(), key), 1e-10, item.key() + key, 1e-15);
    };
    close(step.keep, "alpha");
    close(step.replace / kCodes, "beta");
    close(step.mask, "gamma");
    close(all.keep, "abar");
    close(all.replace / kCodes, "bbar");
    close(all.mask, "gbar");
  }
  for (const auto& item : group("categorical/paper_T4_posterior").items()) {
    int t = 0, x_t = 0, x0 = 0;
    ASSERT_EQ(std::sscanf(item.key().c_str(), "t%d_xt%d_x0%d", &t, &x_t, &x0), 3);
    const at::Tensor got = q->log_true_posterior(at::full({1, 1}, x0, at::kLong),
                                                 at::full({1, 1}, x_t, at::kLong),
                                                 at::full({1}, t, at::kLong),
                                                 at::full({1}, t - 1, at::kLong))
                               .exp()
                               .flatten();
    for (std::size_t i = 0; i <= kCodes; ++i) {
      expect_close(got[static_cast<std::int64_t>(i)].item<double>(),
                   item.value().at(i).get<double>(),
                   1e-10,
                   item.key(),
                   1e-15);
    }
  }
}

/// p(x_s | x_t) of every canvas, [B, N, C], with the denoiser's own answer.
at::Tensor reverse(const Transition& q,
                   DiscreteDenoiser& denoiser,
                   const at::Tensor& x_t,
                   const TimeStep& step) {
  const at::Tensor t = at::full({x_t.size(0)}, step.from, at::kLong);
  const at::Tensor log_x0 = denoiser.forward(x_t, t, {}).log_softmax(-1);
  const at::Tensor p = q.log_posterior(log_x0, x_t, t, at::full_like(t, step.to)).exp();
  return p / p.sum(-1, true);
}

TEST(IidDenoiser, SamplingReturnsTheLawWithAnyStride) {
  for (const char* kind : {"paper", "code"}) {
    const auto q = chain(kind, 100, kCodes);
    const auto denoiser = make_iid_denoiser(*q, kLaw);
    const at::Tensor all = at::arange(kCodes + 1, at::kLong).unsqueeze(1);
    for (const std::int64_t steps : {1, 7, 100}) {
      // From all-mask, and from the prior: exactly the law, where x_T holds nothing of x_0.
      at::Tensor p = at::zeros({kCodes + 1}, at::kDouble);
      p[kCodes] = 1.0;
      for (const TimeStep& step : even_plan({.trained = 100, .wanted = steps})) {
        p = p.matmul(reverse(*q, *denoiser, all, step).select(1, 0));
      }
      for (std::int64_t k = 0; k < kCodes; ++k) {
        expect_close(
            p[k].item<double>(), kLaw[static_cast<std::size_t>(k)], 1e-10, std::string(kind));
      }
    }
  }
}

TEST(FiniteCodesDenoiser, PlacesDrawnOnTheirOwnMissTheJointLaw) {
  // AA or BB: how often two places, drawn independently in every step, agree.
  const at::Tensor sequences = at::tensor({0, 0, 1, 1}, at::kLong).view({2, 2});
  const at::Tensor states =
      at::cartesian_prod({at::arange(3, at::kLong), at::arange(3, at::kLong)});
  for (const std::string& name : test::groups_below("two_token_valid/")) {
    char kind[8];
    int steps = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "two_token_valid/%7[a-z]_T%d", kind, &steps), 2);
    const auto q = chain(kind, steps, 2);
    const auto denoiser = make_finite_codes_denoiser(*q, sequences);
    const at::Tensor prior = q->log_prior().exp();
    at::Tensor from_mask = at::zeros({9}, at::kDouble);
    from_mask[8] = 1.0;
    at::Tensor from_prior = at::outer(prior, prior).flatten();
    for (const TimeStep& step : even_plan({.trained = steps, .wanted = steps})) {
      at::Tensor p = reverse(*q, *denoiser, states, step);  // [9, 2, 3], or [9, 2, 2] at the end
      if (p.size(2) == 2) p = at::cat({p, at::zeros({9, 2, 1}, at::kDouble)}, 2);
      const at::Tensor joint =
          (p.select(1, 0).unsqueeze(2) * p.select(1, 1).unsqueeze(1)).flatten(1);  // [9, 9]
      from_mask = from_mask.matmul(joint);
      from_prior = from_prior.matmul(joint);
    }
    const auto valid = [](const at::Tensor& p) { return (p[0] + p[4]).item<double>(); };
    expect_close(valid(from_mask), number(group(name), "mask_start"), 1e-10, name);
    expect_close(valid(from_prior), number(group(name), "prior_start"), 1e-10, name);
  }
}

TEST(IidDenoiser, PreparedIsTheSame) {
  const auto q = chain("code", 20, kCodes);
  const auto denoiser = make_iid_denoiser(*q, kLaw);
  const auto prepared = denoiser->make_prepared();
  const std::vector<std::int64_t> times = {20, 13, 4};
  prepared->prepare(nn::Condition{});
  prepared->prepare(times);
  const at::Tensor x = at::tensor({0, 1, 4, 2, 4, 3}, at::kLong).view({2, 3});
  EXPECT_TRUE(
      at::equal(prepared->step(x, 1), denoiser->forward(x, at::full({2}, 13, at::kLong), {})));
}

TEST(IidDenoiser, RefusesWhatIsNoLaw) {
  const auto q = chain("code", 20, kCodes);
  const auto refused = [&](std::vector<double> law) {
    tessera::test::expect_error(ErrorCode::kInvalidArgument,
                                "needs 4 probabilities that sum to 1",
                                [&] { make_iid_denoiser(*q, std::move(law)); });
  };
  refused({0.5, 0.5});
  refused({0.5, 0.5, 0.5, 0.5});
  refused({0.5, 0.5, 0.5, -0.5});
  tessera::test::expect_error(ErrorCode::kShapeMismatch, "sequences must be [P, N] int64", [&] {
    make_finite_codes_denoiser(*q, at::zeros({2, 2}));
  });
  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "codes of a sequence must be in 0..3", [&] {
        make_finite_codes_denoiser(*q, at::full({1, 2}, 4, at::kLong));
      });
}

}  // namespace
}  // namespace tessera::diffusion
