#include "lab/affine_chain.h"

#include <cmath>

#include <gtest/gtest.h>

#include "diffusion/gaussian/sampler.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

TEST(AffineChain, AStepOfTheAncestralSamplerByHand) {
  // beta = 0.1, 0.2; data N(0.5, 0.25); from t = 2 with the small variance.
  const World world = normal_world(diffusion::schedule_of_betas({0.1, 0.2}), 0.5, 0.25);
  const auto sampler = diffusion::make_gaussian_sampler("ancestral", {.variance = "small"});
  const AffineStep step =
      measure_step({world.process, *world.denoiser, *sampler}, {.from = 2, .to = 1});
  const double a = 0.72;                                   // alpha_bar_2
  const double c0 = 0.2 * std::sqrt(0.9) / (1 - a);        // of x_0
  const double cx = std::sqrt(0.8) * (1 - 0.9) / (1 - a);  // of x_2
  const double gain = std::sqrt(a) * 0.25 / (a * 0.25 + 1 - a);
  EXPECT_NEAR(step.slope, c0 * gain + cx, 1e-12);
  EXPECT_NEAR(step.offset, c0 * (0.5 - gain * std::sqrt(a) * 0.5), 1e-12);
  EXPECT_NEAR(step.noise, std::sqrt(0.2 * 0.1 / 0.28), 1e-12);
}

TEST(AffineChain, LawsOfAWholePlan) {
  const AffineStep step{.slope = 0.5, .offset = 1, .noise = 2};
  const Moments law = step.carry({.mean = 2, .variance = 8});
  EXPECT_DOUBLE_EQ(law.mean, 2);
  EXPECT_DOUBLE_EQ(law.variance, 6);
  EXPECT_DOUBLE_EQ(frechet({0, 1}, {0.5, 0.25}), 0.5);
  // Unit data, noise of variance beta: what comes out has 1 - beta_1.
  const World world = normal_world(diffusion::make_gaussian_schedule({}), 0, 1);
  const auto sampler = diffusion::make_gaussian_sampler("ancestral", {.variance = "large"});
  const Moments out = measure_law({world.process, *world.denoiser, *sampler},
                                  sampler->plan({.trained = 1000, .wanted = 1000}),
                                  {0, 1});
  EXPECT_NEAR(out.variance, 0.9999, 1e-10);
}

}  // namespace
}  // namespace tessera::lab
