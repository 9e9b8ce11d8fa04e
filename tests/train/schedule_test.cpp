#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::train {
namespace {

TEST(Schedule, WarmsUpLinearlyToThePeak) {
  for (const char* kind : {"constant", "cosine", "constant-linear"}) {
    const Schedule s{.kind = kind, .peak = 2e-3, .warmup = 4, .steps = 100};
    EXPECT_DOUBLE_EQ(learning_rate(s, 1), 5e-4) << kind;
    EXPECT_DOUBLE_EQ(learning_rate(s, 2), 1e-3) << kind;
    EXPECT_DOUBLE_EQ(learning_rate(s, 4), 2e-3) << kind;
  }
}

TEST(Schedule, CosineIsHalfWayInTheMiddleAndEndsAtItsShare) {
  const Schedule s{.kind = "cosine", .peak = 1.0, .warmup = 20, .steps = 120, .final_share = 0.1};
  EXPECT_NEAR(learning_rate(s, 70), 0.1 + 0.9 * 0.5, 1e-12);
  EXPECT_NEAR(learning_rate(s, 45), 0.1 + 0.9 * 0.5 * (1 + std::cos(std::numbers::pi / 4)), 1e-12);
  EXPECT_NEAR(learning_rate(s, 120), 0.1, 1e-12);
  EXPECT_NEAR(learning_rate(s, 500), 0.1, 1e-12);
}

TEST(Schedule, ConstantLinearFallsOverItsLastShare) {
  const Schedule s{.kind = "constant-linear",
                   .peak = 1.0,
                   .steps = 100,
                   .final_share = 0.02,
                   .decay_share = 0.25};
  EXPECT_DOUBLE_EQ(learning_rate(s, 1), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(s, 75), 1.0);
  EXPECT_NEAR(learning_rate(s, 80), 0.02 + 0.98 * 0.8, 1e-12);
  EXPECT_NEAR(learning_rate(s, 100), 0.02, 1e-12);
  EXPECT_NEAR(learning_rate(s, 101), 0.02, 1e-12);
}

TEST(Schedule, ConstantStays) {
  const Schedule s{.kind = "constant", .peak = 0.5, .steps = 10};
  EXPECT_DOUBLE_EQ(learning_rate(s, 1), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(s, 1000), 0.5);
}

TEST(Schedule, UnknownKindListsTheKnown) {
  test::expect_error(ErrorCode::kInvalidArgument, "constant-linear", [] {
    learning_rate({.kind = "stairs", .steps = 10}, 5);
  });
}

}  // namespace
}  // namespace tessera::train
