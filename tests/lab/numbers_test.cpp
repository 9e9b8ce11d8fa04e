#include "lab/numbers.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

TEST(Numbers, SlopeOfAPowerLaw) {
  EXPECT_NEAR(log_slope({1, 2, 4, 8}, {3, 0.75, 0.1875, 0.046875}), -2, 1e-12);
  test::expect_error(ErrorCode::kInvalidArgument, "two points", [] { log_slope({1}, {1}); });
}

TEST(Numbers, LargestDifference) {
  const at::Tensor a = at::tensor({1.0, 2.0}, at::kDouble);
  EXPECT_DOUBLE_EQ(largest_difference(a, at::tensor({1.5f, -1.0f})), 3);
  test::expect_error(
      ErrorCode::kShapeMismatch, "differ", [&] { largest_difference(a, at::zeros({3})); });
}

}  // namespace
}  // namespace tessera::lab
