#include "lab/dead_leaves.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

TEST(DeadLeaves, APictureDoesNotDependOnTheBatch) {
  const DeadLeaves options{.side = 24, .smallest = 2, .largest = 10, .seed = 3};
  const at::Tensor many = draw_dead_leaves(options, 0, 4);
  EXPECT_TRUE(at::equal(many.slice(0, 2, 3), draw_dead_leaves(options, 2, 1)));
  EXPECT_EQ(many.sizes(), (std::vector<std::int64_t>{4, 1, 24, 24}));
  EXPECT_LE(many.abs().max().item<double>(), 1.0);
  EXPECT_FALSE(at::equal(many[0], many[1]));
}

TEST(DeadLeaves, ProbabilityOfOneLeafForRadiiThatHardlyVary) {
  // All radii about 5: g(d) is the lens of two circles, worked by hand.
  const DeadLeaves options{.side = 8, .smallest = 5, .largest = 5.0001};
  EXPECT_NEAR(same_leaf_probability(options, 0), 1, 1e-9);
  EXPECT_NEAR(same_leaf_probability(options, 10.001), 0, 1e-6);
  const double lens = 50 * std::acos(0.4) - 2 * std::sqrt(100.0 - 16);
  const double disc = 25 * std::numbers::pi;
  EXPECT_NEAR(same_leaf_probability(options, 4), lens / (2 * disc - lens), 1e-4);
}

TEST(DeadLeaves, LargeAndSmallLeavesCoverAlike) {
  // Area-weighted log radius is even under r^-3: the mean of g(0) = pi E r^2 = 2 pi ln(b/a) /
  // (a^-2 - b^-2).
  const DeadLeaves options{.side = 8, .smallest = 2, .largest = 20};
  const double near = 1e-6;
  const double slope =
      (same_leaf_probability(options, 0) - same_leaf_probability(options, near)) / near;
  // Near 0, g(d) = pi E r^2 - 2 d E r, so P falls with slope 4 E r / (pi E r^2).
  const double mean_square = 2 * std::log(10.0) / (0.25 - 0.0025);
  const double mean = 2 * (0.5 - 0.05) / (0.25 - 0.0025);
  EXPECT_NEAR(slope, 4 * mean / (std::numbers::pi * mean_square), 2e-3);
}

TEST(DeadLeaves, OptionsOutOfRange) {
  test::expect_error(ErrorCode::kInvalidArgument, "radii", [] {
    draw_dead_leaves({.smallest = 5, .largest = 3}, 0, 1);
  });
  test::expect_error(
      ErrorCode::kInvalidArgument, "side", [] { draw_dead_leaves({.side = 0}, 0, 1); });
  test::expect_error(
      ErrorCode::kInvalidArgument, "negative", [] { same_leaf_probability({}, -1); });
}

}  // namespace
}  // namespace tessera::lab
