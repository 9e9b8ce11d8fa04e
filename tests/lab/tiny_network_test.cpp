#include "lab/tiny_network.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

TEST(TinyNetwork, WeightsAreAFunctionOfTheSeed) {
  const at::Tensor x = at::linspace(-1, 1, 6).view({3, 2});
  EXPECT_TRUE(at::equal(TinyNetwork({2, 8, 1}, 5)(x), TinyNetwork({2, 8, 1}, 5)(x)));
  EXPECT_FALSE(at::equal(TinyNetwork({2, 8, 1}, 5)(x), TinyNetwork({2, 8, 1}, 6)(x)));
}

TEST(TinyNetwork, LearnsAFunction) {
  const at::Tensor x = at::linspace(-1, 1, 64).view({64, 1});
  const at::Tensor y = (3 * x).sin();
  TinyNetwork network({1, 32, 32, 1}, 1);
  Adam adam(network.parameters());
  for (int i = 0; i < 400; ++i) adam.minimise((network(x) - y).square().mean(), 0.01);
  EXPECT_LT((network(x) - y).square().mean().item<double>(), 2e-3);
}

TEST(Adam, TheFirstStepIsTheLearningRate) {
  // Moments over their corrections are g and g^2: a step of the rate against the sign.
  const at::Tensor x = at::tensor({2.0, -3.0}, at::kDouble);
  Adam adam({x});
  adam.minimise(x.square().sum(), 0.1);
  EXPECT_NEAR(x[0].item<double>(), 1.9, 1e-6);
  EXPECT_NEAR(x[1].item<double>(), -2.9, 1e-6);
}

TEST(EmbedTime, SinesAndCosinesOfHalfTurns) {
  const at::Tensor out = embed_time(at::tensor({0.5}, at::kFloat), 2);
  EXPECT_NEAR(out[0][0].item<double>(), 1, 1e-6);   // sin(pi/2)
  EXPECT_NEAR(out[0][1].item<double>(), 0, 1e-6);   // sin(pi)
  EXPECT_NEAR(out[0][2].item<double>(), 0, 1e-6);   // cos(pi/2)
  EXPECT_NEAR(out[0][3].item<double>(), -1, 1e-6);  // cos(pi)
}

}  // namespace
}  // namespace tessera::lab
