#include "train/ema.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::train {
namespace {

TEST(Ema, IsTheWeightedSumOfAllValuesItSaw) {
  const at::Tensor weight = at::full({3}, 1.0, at::kDouble);
  Ema ema({{"w", weight}}, {.decay = 0.9, .warm_up = false});
  double expected = 1.0;
  for (int step = 1; step <= 20; ++step) {
    weight.fill_(step * step);
    ema.update(step);
    expected = 0.9 * expected + 0.1 * step * step;
  }
  EXPECT_NEAR(ema.averages().at("w")[0].item<double>(), expected, 1e-10);
}

TEST(Ema, WarmUpDecayIsSmallAtFirst) {
  const Ema ema({}, {.decay = 0.99});
  EXPECT_DOUBLE_EQ(ema.decay_at(1), 2.0 / 11.0);
  EXPECT_DOUBLE_EQ(ema.decay_at(90), 91.0 / 100.0);
  EXPECT_DOUBLE_EQ(ema.decay_at(100000), 0.99);
}

TEST(Ema, ZeroDecayIsTheLiveWeight) {
  const at::Tensor weight = at::zeros({2});
  Ema ema({{"w", weight}}, {.decay = 0});
  weight.fill_(7);
  ema.update(1);
  EXPECT_EQ(ema.averages().at("w")[0].item<float>(), 7);
  const Ema::Scope scope(ema);
  EXPECT_EQ(weight[0].item<float>(), 7);
}

TEST(Ema, ScopeShowsTheAverageAndGivesTheLiveValueBack) {
  const at::Tensor weight = at::arange(5, at::kFloat) / 3;
  Ema ema({{"w", weight}}, {.decay = 0.5, .warm_up = false});
  weight.mul_(0.1);
  const at::Tensor live = weight.clone();
  ema.update(1);
  {
    const Ema::Scope scope(ema);
    EXPECT_TRUE(weight.equal(ema.averages().at("w")));
    EXPECT_FALSE(weight.equal(live));
  }
  EXPECT_TRUE(weight.equal(live));
}

}  // namespace
}  // namespace tessera::train
