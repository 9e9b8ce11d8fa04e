#include "lab/worlds.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

TEST(Worlds, AStridedChainKeepsItsMarginals) {
  const diffusion::GaussianSchedule whole = diffusion::make_gaussian_schedule({});
  const diffusion::GaussianSchedule few = strided_schedule(whole, {10, 400, 1000});
  ASSERT_EQ(few.steps(), 3);
  EXPECT_NEAR(few.alpha_bar[1], whole.alpha_bar[10], 1e-14);
  EXPECT_NEAR(few.alpha_bar[2], whole.alpha_bar[400], 1e-14);
  EXPECT_NEAR(few.alpha_bar[3], whole.alpha_bar[1000], 1e-14);
  EXPECT_NEAR(few.beta[2], 1 - whole.alpha_bar[400] / whole.alpha_bar[10], 1e-14);
}

TEST(Worlds, TheDesignHasTheMomentsOfIndependentNumbers) {
  const PairDesign pair = pair_design(0.25);
  EXPECT_NEAR(pair.x0.square().mean().item<double>(), 0.25, 1e-15);
  EXPECT_NEAR(pair.noise.square().mean().item<double>(), 1, 1e-15);
  EXPECT_NEAR((pair.x0 * pair.noise).mean().item<double>(), 0, 1e-15);
}

TEST(Worlds, AWorldOfTwoPicturesPullsToTheNearer) {
  const at::Tensor points = at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1});
  const World world = picture_world(diffusion::make_gaussian_schedule({}), points);
  const at::Tensor x = at::full({1, 1, 1, 1}, 0.9, at::kDouble);
  const at::Tensor t = at::full({1}, 10, at::kLong);
  const at::Tensor eps = world.denoiser->forward(x, t, {});
  const double a = world.process.schedule().signal(10);
  EXPECT_NEAR(eps.item<double>(), (0.9 - a) / world.process.schedule().noise(10), 1e-9);
}

}  // namespace
}  // namespace tessera::lab
