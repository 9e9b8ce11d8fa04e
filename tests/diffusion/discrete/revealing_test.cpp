#include "diffusion/discrete/samplers/revealing.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/categorical.h"
#include "oracle.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kCodes = 5;
constexpr std::int64_t kTokens = 20;
constexpr std::int64_t kSteps = 8;

std::unique_ptr<const Transition> chain() {
  return make_transition({.steps = kSteps}, kCodes);
}

at::Tensor log_of(const std::vector<double>& p) {
  return at::tensor(p, at::kDouble).log().view({1, -1, 3});
}

at::Tensor even_answer(std::int64_t rows) {
  return at::zeros({rows, kTokens, kCodes}).log_softmax(-1);
}

// Two positions worked by hand.
TEST(Purity, SharpensSurePlacesMost) {
  const at::Tensor log_p = log_of({0.7, 0.2, 0.1, 0.4, 0.35, 0.25});
  const at::Tensor score = purity(log_p);
  EXPECT_TRUE(
      at::allclose(score, at::tensor({1.0, 0.57142857}, at::kDouble).unsqueeze(0), 1e-8, 1e-8));
  const auto expect = [&](double weight, const std::vector<double>& want) {
    const at::Tensor power = power_of(score, weight);
    ASSERT_EQ(power.defined(), weight > 0);
    const at::Tensor got = power.defined() ? sharpen(log_p, power) : log_p;
    EXPECT_TRUE(at::allclose(got.exp(), log_of(want).exp(), 1e-7, 1e-8)) << weight << got.exp();
  };
  expect(0.0, {0.7, 0.2, 0.1, 0.4, 0.35, 0.25});
  expect(1.0, {0.90740741, 0.074074074, 0.018518519, 0.4369653, 0.35425562, 0.20877908});
  expect(2.0, {0.97443182, 0.022727273, 0.0028409091, 0.47249675, 0.35491991, 0.17258334});
}

TEST(Purity, TruncatedClassesStayOut) {
  const at::Tensor log_p = truncate(log_of({0.7, 0.2, 0.1}), {.top_k = 2});
  const at::Tensor sharp = sharpen(log_p, power_of(purity(log_p), 1.0));
  EXPECT_EQ(sharp[0][0][2].item<double>(), -INFINITY);
  EXPECT_NEAR(sharp.exp().sum().item<double>(), 1.0, 1e-12);
}

// Two of four places, in proportion to 1 : 2 : 3 and never the one that is not hidden, against
// the law of drawing without replacement.
TEST(ChoosePlaces, DrawsInProportionWithoutReplacement) {
  constexpr std::int64_t kRows = 40000;
  const at::Tensor score = at::tensor({1.0f, 2.0f, 9.0f, 3.0f}).expand({kRows, 4});
  const at::Tensor hidden = at::tensor({1, 1, 0, 1}).to(at::kBool).expand({kRows, 4});
  const at::Tensor gumbel = nn::Rng::of_run(4, 0, kRows).gumbel(Purpose::kConfidence, 0, {4});
  const at::Tensor chosen =
      choose_places(score, hidden, at::full({kRows}, 2, at::kLong), gumbel).to(at::kLong);
  EXPECT_TRUE(at::equal(chosen.sum(-1), at::full({kRows}, 2, at::kLong)));
  EXPECT_EQ(chosen.select(1, 2).sum().item<std::int64_t>(), 0);
  const auto count = [&](std::int64_t a, std::int64_t b) {
    return (chosen.select(1, a) * chosen.select(1, b)).sum().item<double>();
  };
  // P{a, b} = w_a/6 w_b/(6 - w_a) + w_b/6 w_a/(6 - w_b)
  const auto law = [](double a, double b) { return a / 6 * b / (6 - a) + b / 6 * a / (6 - b); };
  EXPECT_GT(oracle::chi_square_p({count(0, 1), count(0, 3), count(1, 3)},
                                 {law(1, 2), law(1, 3), law(2, 3)}),
            1e-6);
}

TEST(ChoosePlaces, CountsByRow) {
  const at::Tensor gumbel = nn::Rng::of_run(4, 0, 3).gumbel(Purpose::kConfidence, 0, {kTokens});
  const at::Tensor count = at::tensor({0, 7, 20}, at::kLong);
  const at::Tensor chosen =
      choose_places(at::ones({3, kTokens}), at::ones({3, kTokens}, at::kBool), count, gumbel);
  EXPECT_TRUE(at::equal(chosen.sum(-1), count));
}

TEST(ShowPlaces, WritesWhereChosenAndNowhereElse) {
  const at::Tensor x_t = at::tensor({5, 2, 5}, at::kLong).view({1, 3});
  const at::Tensor certain = at::one_hot(at::full({1, 3}, 4, at::kLong), kCodes).to(at::kFloat);
  const at::Tensor chosen = at::tensor({1, 0, 0}).to(at::kBool).view({1, 3});
  const at::Tensor x =
      show_places(x_t, certain.log(), {}, chosen, {.rng = nn::Rng::of_run(1, 0, 1)}, 0);
  EXPECT_TRUE(at::equal(x, at::tensor({4, 2, 5}, at::kLong).view({1, 3})));
}

// What a whole run shows, counted at every call: as planned, nothing changes once it is shown, and
// by the last stride no place is left.
TEST(Revealing, ShowsWhatIsPlannedAndKeepsIt) {
  const auto q = chain();
  for (const char* name : {"purity", "random-order"}) {
    for (const std::int64_t tokens_a_call : {0, 1, 4}) {
      const auto sampler = make_discrete_sampler(name, {.tokens_a_call = tokens_a_call});
      const auto plan = sampler->plan(*q, {.steps = kSteps, .tokens = kTokens});
      at::Tensor x = at::full({3, kTokens}, kCodes, at::kLong);
      std::int64_t shown = 0;
      for (const TimeStep& time : plan) {
        const at::Tensor before = x;
        x = sampler->step(*q,
                          {.log_x0 = even_answer(3), .x_t = x, .time = time},
                          {.rng = nn::Rng::of_run(7, 0, 3)});
        if (!time.reveal) break;
        EXPECT_EQ(time.reveal->hidden, kTokens - shown);
        shown += time.reveal->places;
        EXPECT_TRUE(at::equal((x != kCodes).sum(-1), at::full({3}, shown, at::kLong)));
        const at::Tensor seen = before != kCodes;
        EXPECT_TRUE(at::equal(x.masked_select(seen), before.masked_select(seen)));
        if (tokens_a_call > 0) {
          EXPECT_LE(time.reveal->places, tokens_a_call + 1);
        }
      }
      EXPECT_EQ(shown, kTokens) << "with the released constants nothing is left to the last stride";
      EXPECT_LT(x.max().item<std::int64_t>(), kCodes);
    }
  }
}

// Of twenty places half are sure, half are not: which are shown?
TEST(Revealing, OnlyPurityLooksAtWhatIsSure) {
  const auto q = chain();
  constexpr std::int64_t kRows = 200;
  at::Tensor logits = at::zeros({kRows, kTokens, kCodes});
  logits.slice(1, 0, 10).select(2, 1).fill_(9.0);
  const TimeStep time{
      .from = 8, .to = 7, .index = 0, .count = 8, .reveal = Reveal{.places = 4, .hidden = 20}};
  const auto shown = [&](const char* name, const at::Tensor& answer) {
    const SamplerInput in{
        .log_x0 = answer, .x_t = at::full({kRows, kTokens}, kCodes, at::kLong), .time = time};
    return make_discrete_sampler(name)->step(*q, in, {.rng = nn::Rng::of_run(7, 0, kRows)}) !=
           kCodes;
  };
  const at::Tensor sure = logits.log_softmax(-1);
  EXPECT_TRUE(at::equal(shown("random-order", sure), shown("random-order", even_answer(kRows))));
  // Scores 1 and 0.2: five of six draws are sure at first, fewer as they are used up.
  const double share = shown("purity", sure).slice(1, 0, 10).sum().item<double>() / (4.0 * kRows);
  EXPECT_GT(share, 0.75);
  EXPECT_LT(share, 0.86);
}

// The last stride draws every token once more, also those that were shown.
TEST(Revealing, TheLastStrideIsTheChainsOwn) {
  const auto q = chain();
  const TimeStep last{.from = 1, .to = 0, .index = 7, .count = 8};
  const SamplerInput in{
      .log_x0 = even_answer(4), .x_t = at::full({4, kTokens}, 2, at::kLong), .time = last};
  const nn::Noise noise{.rng = nn::Rng::of_run(7, 0, 4)};
  const at::Tensor x = make_discrete_sampler("purity")->step(*q, in, noise);
  EXPECT_TRUE(at::equal(x, make_discrete_sampler("ancestral")->step(*q, in, noise)));
  EXPECT_FALSE(at::equal(x, in.x_t));
}

// Pictures with other numbers of masks than the plan has: each shows the plan's share of its own.
TEST(Revealing, SharesAreOfWhatAPictureHasHidden) {
  const auto q = chain();
  const auto sampler = make_discrete_sampler("random-order");
  at::Tensor x = at::full({3, kTokens}, kCodes, at::kLong);
  x[1].slice(0, 0, 10).fill_(1);
  x[2].fill_(1);
  const TimeStep time{
      .from = 5, .to = 4, .index = 3, .count = 8, .reveal = Reveal{.places = 4, .hidden = 16}};
  const at::Tensor out = sampler->step(
      *q, {.log_x0 = even_answer(3), .x_t = x, .time = time}, {.rng = nn::Rng::of_run(7, 0, 3)});
  // a quarter of 20, of 10 (2.5, upwards), of none
  EXPECT_TRUE(
      at::equal((out != kCodes).sum(-1) - (x != kCodes).sum(-1), at::tensor({5, 3, 0}, at::kLong)));
  // Where the plan has nothing hidden any more, what a picture still hides is shown.
  const TimeStep done{
      .from = 2, .to = 1, .index = 6, .count = 8, .reveal = Reveal{.places = 0, .hidden = 0}};
  const at::Tensor all = sampler->step(
      *q, {.log_x0 = even_answer(3), .x_t = x, .time = done}, {.rng = nn::Rng::of_run(7, 0, 3)});
  EXPECT_LT(all.max().item<std::int64_t>(), kCodes);
}

// A chain that replaces may begin with stray codes; the first stride hides them.
TEST(Revealing, TheFirstStrideTakesEveryFreeTokenAsHidden) {
  const auto q = chain();
  const at::Tensor stray = at::full({1, kTokens}, 3, at::kLong);
  const at::Tensor locked = at::arange(kTokens, at::kLong).view({1, kTokens}) < 5;
  const TimeStep first{
      .from = 8, .to = 7, .index = 0, .count = 8, .reveal = Reveal{.places = 4, .hidden = 20}};
  const at::Tensor x = make_discrete_sampler("purity")->step(
      *q,
      {.log_x0 = even_answer(1), .x_t = stray, .time = first, .locked = locked},
      {.rng = nn::Rng::of_run(7, 0, 1)});
  EXPECT_EQ((x == kCodes).sum().item<std::int64_t>(), 12);  // of 15 free ones a fifth is shown
  EXPECT_TRUE(at::equal(x.masked_select(locked), stray.masked_select(locked)));
}

// Candidates are drawn as recorded, by Gumbel-max over the codes.
TEST(Revealing, ReplaysRecordedCandidates) {
  const at::Tensor recorded =
      nn::Rng::of_run(8, 0, 2).uniform(Purpose::kStep, 0, {kTokens, kCodes});
  const nn::Noise noise{.rng = nn::Rng::of_run(1, 0, 2), .recorded = recorded};
  const at::Tensor x_t = at::full({2, kTokens}, kCodes, at::kLong);
  const at::Tensor everywhere = at::ones({2, kTokens}, at::kBool);
  const at::Tensor x = show_places(x_t, even_answer(2), {}, everywhere, noise, 0);
  EXPECT_TRUE(at::equal(x, recorded.argmax(-1)));
}

TEST(Revealing, NeedsAMaskAndTheNumberOfTokens) {
  const auto sampler = make_discrete_sampler("purity");
  test::expect_error(ErrorCode::kInvalidArgument, "needs a chain with a mask state", [&] {
    sampler->plan(*make_transition({.kind = "uniform", .steps = 6}, 3), {.steps = 2, .tokens = 4});
  });
  test::expect_error(ErrorCode::kInvalidArgument, "number of tokens, got 0", [&] {
    sampler->plan(*chain(), {.steps = 2});
  });
}

}  // namespace
}  // namespace tessera::diffusion
