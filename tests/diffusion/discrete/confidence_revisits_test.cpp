#include <array>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/discrete/sampler.h"
#include "oracle.h"

namespace tessera::diffusion {
namespace {

// Four tokens of two codes: each part of the canvas is one token.
constexpr std::int64_t kFour = 4;
constexpr std::int64_t kMaskOfTwo = 2;
constexpr std::int64_t kStates = 16;

std::unique_ptr<const Transition> chain_of_two() {
  return make_transition({.kind = "absorbing", .steps = 100}, kMaskOfTwo);
}

/// A law of the whole canvas with strong ties between its tokens; the first token is the lowest
/// bit.
std::vector<double> tied_law() {
  std::vector<double> law(kStates);
  double sum = 0;
  for (std::size_t state = 0; state < law.size(); ++state) {
    const auto bit = [&](int i) { return static_cast<double>(state >> i & 1u); };
    law[state] = std::exp(1.5 * bit(0) * bit(1) - bit(1) * bit(2) + 2 * bit(2) * bit(3) +
                          0.5 * bit(3) - bit(0));
    sum += law[state];
  }
  for (double& p : law) p /= sum;
  return law;
}

/// [B] index of each canvas's state, masks counting as 0.
at::Tensor state_of(const at::Tensor& x) {
  const at::Tensor weight = at::tensor({1, 2, 4, 8}, at::kLong);
  return (at::where(x == kMaskOfTwo, 0, x) * weight).sum(-1);
}

/// log p(x_i | all others) [B, 4, 2] by the law itself; the others must be known.
at::Tensor conditionals(const at::Tensor& x, const std::vector<double>& law) {
  const at::Tensor p = at::tensor(law, at::kDouble);
  const at::Tensor state = state_of(x);
  std::vector<at::Tensor> tokens;
  for (std::int64_t i = 0; i < kFour; ++i) {
    const at::Tensor rest = state - state.bitwise_and(std::int64_t{1} << i);
    tokens.push_back(at::stack({p.index_select(0, rest), p.index_select(0, rest + (1 << i))}, -1));
  }
  return at::stack(tokens, 1).log().log_softmax(-1).to(at::kFloat);
}

/// A plan's strides from the one that finishes the canvas on, begun with `x` finished.
at::Tensor revisited(at::Tensor x, std::int64_t revisits, const std::vector<double>& law) {
  const auto q = chain_of_two();
  const std::int64_t strides = 10 + revisits;
  const double share = static_cast<double>(revisits) / static_cast<double>(strides);
  const auto sampler = make_discrete_sampler("confidence", {.revisits = share});
  const auto plan = sampler->plan(*q, {.steps = strides, .tokens = kFour});
  const nn::Noise noise{.rng = nn::Rng::of_run(3, 0, x.size(0)), .recorded = {}};
  for (std::size_t i = 9; i < plan.size(); ++i) {
    x = sampler->step(*q, {.log_x0 = conditionals(x, law), .x_t = x, .time = plan[i]}, noise);
  }
  return x;
}

double fit(const at::Tensor& x, const std::vector<double>& law) {
  const at::Tensor counted = at::bincount(state_of(x), {}, kStates).to(at::kDouble).contiguous();
  const double* count = counted.const_data_ptr<double>();
  return oracle::chi_square_p({count, count + kStates}, law);
}

at::Tensor canvas_of(const std::vector<std::int64_t>& states) {
  const at::Tensor state = at::tensor(states, at::kLong).unsqueeze(-1);
  return state.bitwise_right_shift(at::arange(kFour, at::kLong)).bitwise_and(1);
}

// By the exact conditionals a step of Gibbs sampling leaves their law as it is.
TEST(ConfidenceRevisits, LeaveTheDataAlone) {
  constexpr std::int64_t kCanvases = 20000;
  const std::vector<double> law = tied_law();
  std::vector<std::int64_t> states;
  for (std::size_t state = 0; state < law.size(); ++state) {  // nearly without sampling noise
    states.insert(states.end(),
                  static_cast<std::size_t>(std::lround(law[state] * kCanvases)),
                  static_cast<std::int64_t>(state));
  }
  for (const std::int64_t revisits : {4, 7, 12}) {
    const at::Tensor x = revisited(canvas_of(states), revisits, law);
    EXPECT_LT(x.max().item<std::int64_t>(), kMaskOfTwo);
    EXPECT_GT(fit(x, law), 1e-6) << revisits << " revisits";
  }
}

// And brings any other law nearer to it.
TEST(ConfidenceRevisits, BringStrayCanvasesToTheData) {
  const std::vector<double> law = tied_law();
  const std::vector<std::int64_t> stray(20000, 1);  // a rare state
  EXPECT_LT(fit(canvas_of(stray), law), 1e-6);
  EXPECT_LT(fit(revisited(canvas_of(stray), 4, law), law), 1e-6);
  EXPECT_GT(fit(revisited(canvas_of(stray), 60, law), law), 1e-6);
}

struct Round {
  std::int64_t revisits, parts, times_each;
};

class ConfidenceRounds : public testing::TestWithParam<Round> {};

TEST_P(ConfidenceRounds, HideEveryOpenTokenAsOften) {
  const auto [revisits, parts, times_each] = GetParam();
  constexpr std::int64_t kTokens = 22;
  constexpr std::int64_t kCodes = 9;
  constexpr std::int64_t kShowing = 5;
  const auto q = make_transition({.steps = 40}, kCodes);
  const auto sampler = make_discrete_sampler(
      "confidence",
      {.revisits = static_cast<double>(revisits) / static_cast<double>(kShowing + revisits)});
  const auto plan = sampler->plan(*q, {.steps = kShowing + revisits, .tokens = kTokens});
  const nn::Noise noise{.rng = nn::Rng::of_run(1, 0, 3), .recorded = {}};
  const at::Tensor locked = (at::arange(kTokens, at::kLong) < 4).expand({3, -1});
  at::Tensor x = at::where(locked, 5, at::full({3, kTokens}, kCodes, at::kLong));
  at::Tensor times_hidden = at::zeros({3, kTokens}, at::kLong);
  for (const TimeStep& time : plan) {
    const at::Tensor before = x;
    const at::Tensor even = at::zeros({3, kTokens, kCodes}).log_softmax(-1);
    x = sampler->step(*q, {.log_x0 = even, .x_t = x, .time = time, .locked = locked}, noise);
    EXPECT_EQ(time.told, time.index < kShowing ? 0 : 40 / parts);
    if (time.index + 1 < kShowing) continue;
    const at::Tensor hidden = x == kCodes;
    times_hidden += hidden;
    const bool last = time.index + 1 == time.count;
    EXPECT_LE(hidden.sum(-1).max().item<std::int64_t>(), last ? 0 : (kTokens + parts - 1) / parts);
    const at::Tensor kept = (before != kCodes) & ~hidden;
    EXPECT_TRUE(at::equal(x.masked_select(kept), before.masked_select(kept)));
  }
  EXPECT_TRUE(
      at::equal(times_hidden, at::where(locked, 0, at::full_like(times_hidden, times_each))));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    ConfidenceRounds,
    testing::Values(Round{2, 2, 1}, Round{3, 3, 1}, Round{4, 4, 1}, Round{8, 4, 2}));

TEST(ConfidenceRevisits, AreAShareOfTheStrides) {
  const auto q = make_transition({.steps = 100}, 9);
  const auto showing = [&](double share, std::int64_t strides) {
    const auto sampler = make_discrete_sampler("confidence", {.revisits = share});
    std::int64_t count = 0;
    for (const TimeStep& time : sampler->plan(*q, {.steps = strides, .tokens = 22})) {
      count += time.told == 0;
    }
    return count;
  };
  EXPECT_EQ(showing(0.2, 20), 16);
  EXPECT_EQ(showing(0.2, 12), 9);
  EXPECT_EQ(showing(0.2, 15), 12) << "0.2 of 15 is 3, whatever the last bit says";
  EXPECT_EQ(showing(0.2, 2), 1);
  EXPECT_EQ(showing(0.0, 20), 20);
  EXPECT_EQ(showing(0.9, 20), 2);
  EXPECT_EQ(showing(0.9, 1), 1) << "one has to show them";
}

}  // namespace
}  // namespace tessera::diffusion
