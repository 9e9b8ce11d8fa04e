#include "diffusion/discrete/sampler.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/categorical.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kCodes = 37;
constexpr std::int64_t kTokens = 12;
constexpr std::int64_t kSteps = 20;

std::unique_ptr<const Transition> chain(const char* kind) {
  return make_transition({.kind = kind, .steps = kSteps}, kCodes);
}

/// A network's answer that depends on the canvas and the time in some fixed way.
at::Tensor some_answer(const at::Tensor& x_t, std::int64_t t) {
  const at::Tensor code = at::arange(kCodes, at::kFloat);
  const at::Tensor place = at::arange(kTokens, at::kFloat).unsqueeze(-1);
  const at::Tensor seen = x_t.to(at::kFloat).unsqueeze(-1);
  return (code * 1.3 + place * 0.7 + seen * 0.9 + static_cast<double>(t)).sin().log_softmax(-1);
}

/// The whole walk; `answer(x_t, t)` gives log p(x_0 | x_t).
template <typename Answer>
at::Tensor walk(const DiscreteSampler& sampler,
                const Transition& q,
                std::int64_t wanted,
                const nn::Rng& rng,
                const Answer& answer,
                const at::Tensor& clean = {},
                const at::Tensor& locked = {}) {
  const nn::Noise noise{.rng = rng, .recorded = {}};
  at::Tensor x = draw_prior(q, kTokens, noise, at::kCPU);
  if (locked.defined()) x = at::where(locked, clean, x);
  for (const TimeStep& time : sampler.plan(q, {.steps = wanted, .tokens = kTokens})) {
    const at::Tensor log_x0 = answer(x, sampler.network_time(time));
    x = sampler.step(q, {.log_x0 = log_x0, .x_t = x, .time = time, .locked = locked}, noise);
  }
  return x;
}

constexpr const char* kRevisiting = "confidence-revisiting";

class SamplerContract : public ::testing::TestWithParam<std::string> {
 protected:
  SamplerContract() : sampler_(sampler_of(GetParam())) {}
  static std::unique_ptr<const DiscreteSampler> sampler_of(const std::string& name) {
    return name == kRevisiting ? make_discrete_sampler("confidence", {.revisits = 0.4})
                               : make_discrete_sampler(name);
  }
  bool walks(const Transition& q) const {
    return q.mask_state().has_value() || GetParam() == "ancestral";
  }
  std::unique_ptr<const DiscreteSampler> sampler_;
};

TEST_P(SamplerContract, PlansFromNoiseToData) {
  EXPECT_TRUE(GetParam().starts_with(sampler_->name()));
  for (const std::int64_t trained : {1, 2, 5, 100}) {
    const auto q = make_transition({.steps = trained}, kCodes);
    for (const std::int64_t wanted : {std::int64_t{1}, std::int64_t{2}, trained - 1, trained}) {
      if (wanted < 1 || wanted > trained) continue;
      const auto plan = sampler_->plan(*q, {.steps = wanted, .tokens = kTokens});
      ASSERT_EQ(plan.size(), static_cast<std::size_t>(wanted));
      EXPECT_EQ(plan.front().from, trained);
      EXPECT_EQ(plan.back().to, 0);
      for (std::size_t i = 0; i < plan.size(); ++i) {
        EXPECT_LE(plan[i].to, plan[i].from);
        EXPECT_EQ(plan[i].index, static_cast<std::int64_t>(i));
        EXPECT_EQ(plan[i].count, wanted);
        if (i > 0) {
          EXPECT_EQ(plan[i].from, plan[i - 1].to);
        }
        EXPECT_GE(sampler_->network_time(plan[i]), 1);
        EXPECT_LE(sampler_->network_time(plan[i]), trained);
      }
    }
    for (const std::int64_t wanted : {std::int64_t{0}, trained + 1}) {
      test::expect_error(ErrorCode::kInvalidArgument, "steps must be in", [&] {
        sampler_->plan(*q, {.steps = wanted, .tokens = kTokens});
      });
    }
  }
}

TEST_P(SamplerContract, APictureDoesNotDependOnItsBatch) {
  for (const char* kind : {"mask-and-replace", "absorbing", "uniform"}) {
    const auto q = chain(kind);
    if (!walks(*q)) continue;
    const at::Tensor whole = walk(*sampler_, *q, 7, nn::Rng::of_run(5, 0, 6), some_answer);
    const at::Tensor front = walk(*sampler_, *q, 7, nn::Rng::of_run(5, 0, 1), some_answer);
    const at::Tensor back = walk(*sampler_, *q, 7, nn::Rng::of_run(5, 1, 5), some_answer);
    EXPECT_TRUE(at::equal(whole, at::cat({front, back})));
    EXPECT_FALSE(at::equal(whole, walk(*sampler_, *q, 7, nn::Rng::of_run(6, 0, 6), some_answer)));
    EXPECT_FALSE(at::equal(whole[0], whole[1]));
  }
}

TEST_P(SamplerContract, APerfectPredictorIsBelieved) {
  const at::Tensor truth =
      (at::arange(8 * kTokens, at::kLong) * 11).remainder(kCodes).view({8, kTokens});
  const at::Tensor certain = at::one_hot(truth, kCodes).to(at::kFloat).log();
  for (const char* kind : {"mask-and-replace", "absorbing", "uniform"}) {
    const auto q = chain(kind);
    if (!walks(*q)) continue;
    for (std::int64_t wanted = 1; wanted <= kSteps; ++wanted) {
      const at::Tensor x = walk(
          *sampler_, *q, wanted, nn::Rng::of_run(1, 0, 8), [&](const at::Tensor&, std::int64_t) {
            return certain;
          });
      EXPECT_TRUE(at::equal(x, truth)) << kind << " in " << wanted;
    }
  }
}

TEST_P(SamplerContract, LockedTokensStayAndNoMaskIsLeft) {
  const at::Tensor clean = at::full({6, kTokens}, 3, at::kLong);
  const at::Tensor locked =
      (at::arange(6 * kTokens, at::kLong).view({6, kTokens}).remainder(5) < 2);
  for (const char* kind : {"mask-and-replace", "absorbing", "uniform"}) {
    const auto q = chain(kind);
    if (!walks(*q)) continue;
    for (const std::int64_t wanted : {std::int64_t{1}, std::int64_t{3}, kSteps}) {
      const at::Tensor x =
          walk(*sampler_, *q, wanted, nn::Rng::of_run(2, 0, 6), some_answer, clean, locked);
      EXPECT_TRUE(at::equal(x.masked_select(locked), clean.masked_select(locked)));
      EXPECT_LT(x.max().item<std::int64_t>(), kCodes);
      EXPECT_GE(x.min().item<std::int64_t>(), 0);
    }
  }
}

TEST_P(SamplerContract, TruncatedAnswersAreNeverLeft) {
  const auto q = chain("absorbing");
  const at::Tensor x =
      walk(*sampler_, *q, 6, nn::Rng::of_run(3, 0, 50), [](const at::Tensor& x_t, std::int64_t) {
        return truncate(some_answer(at::zeros_like(x_t), 1), {.top_k = 2});
      });
  const at::Tensor allowed = truncate(some_answer(at::zeros_like(x), 1), {.top_k = 2}).isfinite();
  EXPECT_TRUE(allowed.gather(-1, x.unsqueeze(-1)).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Samplers,
                         SamplerContract,
                         ::testing::ValuesIn([] {
                           std::vector<std::string> all = discrete_sampler_names();
                           all.push_back(kRevisiting);
                           return all;
                         }()),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(MakeDiscreteSampler, NamesTheKnown) {
  test::expect_error(
      ErrorCode::kNotFound,
      "no sampler named \"euler\"; known: ancestral, confidence, purity, random-order",
      [] { make_discrete_sampler("euler"); });
}

TEST(MakeDiscreteSampler, RefusesOptionsOutOfRange) {
  const auto refused = [](const SamplerOptions& options, const char* what) {
    test::expect_error(
        ErrorCode::kInvalidArgument, what, [&] { make_discrete_sampler("purity", options); });
  };
  refused({.temperature = NAN}, "temperature");
  refused({.revisits = 0.95}, "revisits must be in 0..0.9");
  refused({.revisits = NAN}, "revisits");
  refused({.prior_weight = INFINITY}, "prior_weight");
  refused({.tokens_a_call = -1}, "tokens_a_call must be 0 (no limit) or more, got -1");
}

TEST(MakeDiscreteSampler, FillsWhatIsLeftToTheSampler) {
  EXPECT_EQ(resolve_sampler_options("confidence", {}).temperature, 4.5);
  EXPECT_EQ(resolve_sampler_options("confidence", {.temperature = 0.0}).temperature, 0.0);
  EXPECT_EQ(resolve_sampler_options("confidence", {}).revisits, 0.0);
  EXPECT_EQ(resolve_sampler_options("purity", {}).revisits, -1.0) << "not looked at";
  EXPECT_EQ(resolve_sampler_options("confidence", {}).prior_weight, -1.0) << "not looked at";
  EXPECT_EQ(resolve_sampler_options("purity", {}).prior_weight, 1.0);
  EXPECT_EQ(resolve_sampler_options("purity", {.prior_weight = 0.0}).prior_weight, 0.0);
}

TEST(Ancestral, IsGumbelMaxOfThePosteriorOnRecordedNoise) {
  const auto q = chain("mask-and-replace");
  const at::Tensor x_t = at::full({2, kTokens}, kCodes, at::kLong);
  const at::Tensor log_x0 = some_answer(x_t, 9);
  const nn::Noise noise{
      .rng = nn::Rng::of_run(1, 0, 2),
      .recorded = nn::Rng::of_run(8, 0, 2).uniform(Purpose::kStep, 0, {kTokens, kCodes + 1})};
  const at::Tensor x_s =
      make_discrete_sampler("ancestral")
          ->step(
              *q,
              {.log_x0 = log_x0, .x_t = x_t, .time = {.from = 9, .to = 4, .index = 2, .count = 4}},
              noise);
  const at::Tensor log_p =
      q->log_posterior(log_x0, x_t, at::full({2}, 9, at::kLong), at::full({2}, 4, at::kLong));
  const at::Tensor gumbel = -(-noise.recorded->log()).log();
  EXPECT_TRUE(at::equal(x_s, (log_p + gumbel).argmax(-1)));
}

/// Tokens of `open` that are known after each stride, by the rule's own words: the cosine, but for
/// the first four tenths of the strides, or more where their factor is above 2.4, which grow by one
/// factor from a single token to it.
std::vector<std::int64_t> known_after(std::int64_t open, std::int64_t strides) {
  const auto curve = [&](std::int64_t done) {
    const double angle =
        std::numbers::pi * static_cast<double>(done) / static_cast<double>(2 * strides);
    return static_cast<double>(open) * (1.0 - std::cos(angle));
  };
  const auto factor_of = [&](std::int64_t strides_to_curve) {
    return strides_to_curve > 1
               ? std::pow(curve(strides_to_curve), 1.0 / static_cast<double>(strides_to_curve - 1))
               : 1.0;
  };
  std::int64_t careful = std::lround(0.4 * static_cast<double>(strides));
  for (; factor_of(careful) > 2.4 && careful + 2 < strides; ++careful) {
  }
  const double factor = factor_of(careful);
  std::vector<std::int64_t> known;
  double grown = 1.0;
  for (std::int64_t k = 0; k < strides; ++k, grown *= factor) {
    const double wanted = k + 1 < careful ? grown : curve(k + 1);
    known.push_back(
        std::clamp<std::int64_t>(std::lround(wanted - 1e-9), std::min(k + 1, open), open));
  }
  return known;
}

TEST(Confidence, RevealsCarefullyThenByTheCosine) {
  const auto q = chain("absorbing");
  const auto sampler = make_discrete_sampler("confidence");
  const nn::Noise noise{.rng = nn::Rng::of_run(1, 0, 3), .recorded = {}};
  const at::Tensor locked = at::arange(kTokens, at::kLong).expand({3, -1}) < 4;
  constexpr std::int64_t kOpen = kTokens - 4;
  for (const std::int64_t strides : {1, 2, 3, 5, 10}) {
    at::Tensor x = at::where(locked, 5, at::full({3, kTokens}, kCodes, at::kLong));
    const std::vector<std::int64_t> known = known_after(kOpen, strides);
    for (const TimeStep& time : sampler->plan(*q, {.steps = strides, .tokens = kTokens})) {
      const at::Tensor before = x;
      x = sampler->step(
          *q, {.log_x0 = some_answer(x, 1), .x_t = x, .time = time, .locked = locked}, noise);
      const std::int64_t shown = known[static_cast<std::size_t>(time.index)];
      EXPECT_TRUE(at::equal((x != kCodes).sum(-1), at::full({3}, 4 + shown, at::kLong)))
          << strides << " strides, after " << time.index + 1;
      const at::Tensor kept = before != kCodes;
      EXPECT_TRUE(at::equal(x.masked_select(kept), before.masked_select(kept)));
    }
    EXPECT_FALSE((x == kCodes).any().item<bool>());
  }
  const auto plan = sampler->plan(*q, {.steps = 5, .tokens = kTokens});
  EXPECT_EQ(plan[1].from, 19);  // 20 cos(18 degrees)
  EXPECT_EQ(plan[4].from, 6);   // 20 cos(72 degrees)
}

TEST(Confidence, FewStridesOfManyTokensBeginAsCarefully) {
  constexpr std::int64_t kMany = 256;
  const auto q = chain("absorbing");
  const auto sampler = make_discrete_sampler("confidence");
  const nn::Noise noise{.rng = nn::Rng::of_run(1, 0, 1), .recorded = {}};
  const at::Tensor even = at::zeros({1, kMany, kCodes}).log_softmax(-1);
  const auto shown_in = [&](std::int64_t strides) {
    std::vector<std::int64_t> shown;
    at::Tensor x = at::full({1, kMany}, kCodes, at::kLong);
    for (const TimeStep& time : sampler->plan(*q, {.steps = strides, .tokens = kMany})) {
      x = sampler->step(*q, {.log_x0 = even, .x_t = x, .time = time}, noise);
      shown.push_back((x != kCodes).sum().item<std::int64_t>());
    }
    return shown;
  };
  EXPECT_EQ(shown_in(9), (std::vector<std::int64_t>{1, 2, 6, 13, 31, 72, 168, 212, 256}));
  EXPECT_EQ(shown_in(9), known_after(kMany, 9));
  EXPECT_EQ(shown_in(16), known_after(kMany, 16));
}

TEST(Confidence, TheFirstStrideDrawsStrayCodesAnew) {
  const auto q = chain("mask-and-replace");
  const at::Tensor stray = at::full({1, kTokens}, 7, at::kLong);
  const at::Tensor certain =
      at::one_hot(at::full({1, kTokens}, 2, at::kLong), kCodes).to(at::kFloat).log();
  const at::Tensor x = make_discrete_sampler("confidence")
                           ->step(*q,
                                  {.log_x0 = certain,
                                   .x_t = stray,
                                   .time = {.from = kSteps, .to = 0, .index = 0, .count = 1}},
                                  {.rng = nn::Rng::of_run(1, 0, 1), .recorded = {}});
  EXPECT_TRUE(at::equal(x, at::full_like(x, 2)));
}

TEST(Confidence, NeedsAMask) {
  const auto q = chain("uniform");
  test::expect_error(ErrorCode::kInvalidArgument, "needs a chain with a mask state", [&] {
    walk(*make_discrete_sampler("confidence"), *q, 2, nn::Rng::of_run(1, 0, 1), some_answer);
  });
}

}  // namespace
}  // namespace tessera::diffusion
