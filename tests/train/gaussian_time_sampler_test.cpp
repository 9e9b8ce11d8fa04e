#include "train/gaussian_time_sampler.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::train {
namespace {

nn::Rng rows(std::int64_t first, std::int64_t count) {
  return nn::Rng::of_run(11, first, count);
}

/// How often each t of 1..T is drawn over many batches of `batch`.
at::Tensor frequencies(const GaussianTimeSampler& sampler, std::int64_t steps, std::int64_t batch) {
  at::Tensor counts = at::zeros({steps}, at::kDouble);
  constexpr std::int64_t kBatches = 2000;
  for (std::int64_t i = 0; i < kBatches; ++i) {
    counts += at::bincount(sampler.draw(rows(i * batch, batch), i).t - 1, {}, steps);
  }
  return counts / static_cast<double>(kBatches * batch);
}

TEST(GaussianTimeSampler, DrawsEveryTimeAlikeUntilItHasReasonsNotTo) {
  for (const char* kind : {"uniform", "stratified", "antithetic", "second-moment"}) {
    const GaussianTimeSampler sampler(kind, 10);
    const Times times = sampler.draw(rows(0, 7), 3);
    EXPECT_EQ(times.t.sizes(), at::IntArrayRef({7}));
    EXPECT_GE(times.t.min().item<std::int64_t>(), 1);
    EXPECT_LE(times.t.max().item<std::int64_t>(), 10);
    EXPECT_TRUE(times.probability.allclose(at::full({7}, 0.1, at::kDouble)));
    const at::Tensor found = frequencies(sampler, 10, 8);
    // 16,000 draws: five deviations of a share of a tenth, and less where draws repel one another.
    const double allowed = 5 * std::sqrt(0.1 * 0.9 / 16000.0) * (kind[0] == 'a' ? 1.5 : 1.0);
    EXPECT_LT((found - 0.1).abs().max().item<double>(), allowed) << kind;
  }
}

TEST(GaussianTimeSampler, StrataCoverTheChain) {
  const GaussianTimeSampler sampler("stratified", 100);
  for (std::int64_t step = 0; step < 20; ++step) {
    const at::Tensor t = std::get<0>(sampler.draw(rows(0, 10), step).t.sort());
    const at::Tensor share = (t - 1).div(10, "floor");
    EXPECT_TRUE(share.equal(at::arange(10))) << t;
  }
}

TEST(GaussianTimeSampler, AntitheticPairsAddUp) {
  const GaussianTimeSampler sampler("antithetic", 100);
  for (const std::int64_t batch : {8, 7, 1}) {
    const at::Tensor t = sampler.draw(rows(0, batch), 5).t;
    const std::int64_t half = (batch + 1) / 2;
    ASSERT_EQ(t.size(0), batch);
    for (std::int64_t i = 0; i + half < batch; ++i) {
      EXPECT_EQ(t[i].item<std::int64_t>() + t[i + half].item<std::int64_t>(), 101);
    }
  }
}

TEST(GaussianTimeSampler, FollowsTheRootOfTheMeanSquareOfTheLastTenLosses) {
  GaussianTimeSampler sampler("second-moment", 3);
  const at::Tensor all = at::tensor({1, 2, 3}, at::kLong);
  // Eleven rounds: the first is forgotten. The losses of t = 2 alternate between 1 and 3.
  for (std::int64_t round = 0; round <= 10; ++round) {
    if (round < 10) {
      EXPECT_TRUE(sampler.probabilities().allclose(at::full({3}, 1.0 / 3, at::kDouble))) << round;
    }
    const double second = round == 0 ? 1e6 : round % 2 == 0 ? 1.0 : 3.0;
    sampler.update(all, at::tensor({2.0, second, 0.5}, at::kDouble));
  }
  const double moment = std::sqrt((5 * 1.0 + 5 * 9.0) / 10);
  const double sum = 2.0 + moment + 0.5;
  const at::Tensor p = sampler.probabilities();
  EXPECT_NEAR(p[0].item<double>(), 0.999 * 2.0 / sum + 0.001 / 3, 1e-12);
  EXPECT_NEAR(p[1].item<double>(), 0.999 * moment / sum + 0.001 / 3, 1e-12);
  EXPECT_NEAR(p.sum().item<double>(), 1.0, 1e-12);
  const Times times = sampler.draw(rows(0, 50), 1);
  EXPECT_TRUE(times.probability.equal(p.index_select(0, times.t - 1)));
  const at::Tensor found = frequencies(sampler, 3, 8);
  EXPECT_LT((found - p).abs().max().item<double>(), 5 * std::sqrt(0.25 / 16000.0));
}

TEST(GaussianTimeSampler, ItsStateIsShared) {
  GaussianTimeSampler one("second-moment", 2);
  GaussianTimeSampler other("second-moment", 2);
  const at::Tensor t = at::tensor({1, 2}, at::kLong);
  for (int i = 0; i < 12; ++i) one.update(t, at::tensor({1.0, 3.0 + i}, at::kDouble));
  EXPECT_TRUE(GaussianTimeSampler("uniform", 2).state().empty());
  for (auto& [name, tensor] : other.state()) at::Tensor(tensor).copy_(one.state().at(name));
  EXPECT_TRUE(other.probabilities().equal(one.probabilities()));
  other.update(t, at::tensor({5.0, 5.0}, at::kDouble));
  one.update(t, at::tensor({5.0, 5.0}, at::kDouble));
  EXPECT_TRUE(other.probabilities().equal(one.probabilities())) << "the place of the next is kept";
}

TEST(GaussianTimeSampler, NamesItsKinds) {
  test::expect_error(ErrorCode::kInvalidArgument, "antithetic, second-moment, got \"x\"", [] {
    GaussianTimeSampler("x", 5);
  });
}

}  // namespace
}  // namespace tessera::train
