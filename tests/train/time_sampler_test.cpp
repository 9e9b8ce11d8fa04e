#include "train/time_sampler.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::train {
namespace {

/// Each t met eleven times with bound(t) = value(t).
template <typename Value>
TimeSampler taught(std::int64_t steps, const Value& value) {
  TimeSampler sampler("importance", steps);
  const at::Tensor t = at::arange(1, steps + 1, at::kLong);
  std::vector<double> bounds;
  for (std::int64_t i = 1; i <= steps; ++i) bounds.push_back(value(i));
  for (int round = 0; round < 11; ++round) sampler.update(t, at::tensor(bounds, at::kDouble));
  return sampler;
}

TEST(TimeSampler, UniformCoversTheChainEvenlyInEveryBatch) {
  const TimeSampler sampler("uniform", 100);
  const Times times = sampler.draw(nn::Rng::of_run(3, 0, 50), 1);
  std::vector<int> per_pair(50);
  for (std::int64_t i = 0; i < 50; ++i) {
    const auto t = times.t[i].item<std::int64_t>();
    ASSERT_GE(t, 1);
    ASSERT_LE(t, 100);
    ++per_pair[static_cast<std::size_t>((t - 1) / 2)];
    EXPECT_DOUBLE_EQ(times.probability[i].item<double>(), 0.01);
  }
  for (const int count : per_pair) EXPECT_EQ(count, 1);
}

TEST(TimeSampler, NoRowIsTiedToATime) {
  const TimeSampler sampler("uniform", 8);
  std::vector<double> sum(4);
  for (std::int64_t step = 1; step <= 400; ++step) {
    const at::Tensor t = sampler.draw(nn::Rng::of_run(3, step * 4, 4), step).t;
    for (std::int64_t row = 0; row < 4; ++row) {
      sum[static_cast<std::size_t>(row)] += t[row].item<double>();
    }
  }
  for (const double total : sum) EXPECT_NEAR(total / 400, 4.5, 0.5);  // four standard errors
}

TEST(TimeSampler, ImportanceIsUniformUntilEveryTimeWasMetElevenTimes) {
  TimeSampler sampler("importance", 4);
  const at::Tensor t = at::arange(1, 5, at::kLong);
  const at::Tensor bound = at::tensor({1.0, 5.0, 2.0, 3.0}, at::kDouble);
  for (int round = 0; round < 10; ++round) sampler.update(t, bound);
  EXPECT_TRUE(sampler.probabilities().equal(at::full({4}, 0.25, at::kDouble)));
  sampler.update(t, bound);
  EXPECT_FALSE(sampler.probabilities().equal(at::full({4}, 0.25, at::kDouble)));
}

TEST(TimeSampler, ImportanceFollowsTheRootMeanSquareOfTheBound) {
  const auto value = [](std::int64_t t) { return 0.5 * static_cast<double>(t * t); };
  const TimeSampler sampler = taught(5, value);
  const double learned = 1 - std::pow(0.9, 11);  // share of a constant that eleven rounds remember
  std::vector<double> weight;
  for (std::int64_t t = 1; t <= 5; ++t) {
    weight.push_back(std::sqrt(learned * value(t) * value(t) + 1e-10) + 1e-4);
  }
  weight[0] = weight[1];
  double sum = 0;
  for (const double w : weight) sum += w;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(sampler.probabilities()[static_cast<std::int64_t>(i)].item<double>(),
                weight[i] / sum,
                1e-9);
  }
}

TEST(TimeSampler, DrawsFollowTheProbabilities) {
  const TimeSampler sampler = taught(6, [](std::int64_t t) { return static_cast<double>(7 - t); });
  const at::Tensor p = sampler.probabilities();
  std::vector<double> counts(6);
  constexpr std::int64_t kDraws = 30000;
  for (std::int64_t step = 0; step < kDraws / 10; ++step) {
    const Times times = sampler.draw(nn::Rng::of_run(1, step * 10, 10), step);
    for (std::int64_t i = 0; i < 10; ++i) {
      const auto t = times.t[i].item<std::int64_t>();
      counts[static_cast<std::size_t>(t - 1)] += 1;
      ASSERT_DOUBLE_EQ(times.probability[i].item<double>(), p[t - 1].item<double>());
    }
  }
  double chi = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const double expected = kDraws * p[static_cast<std::int64_t>(i)].item<double>();
    chi += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  EXPECT_LT(chi, 20.5);  // 5 degrees of freedom, one in a thousand; stratified draws stay far below
}

TEST(TimeSampler, UnknownKindListsTheKnown) {
  test::expect_error(
      ErrorCode::kInvalidArgument, "uniform or importance", [] { TimeSampler("cosine", 10); });
}

}  // namespace
}  // namespace tessera::train
