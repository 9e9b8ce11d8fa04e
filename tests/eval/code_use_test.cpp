#include "eval/code_use.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

TEST(CodeUse, CountsCodesAndTheirEntropy) {
  CodeUse use(8);
  EXPECT_EQ(use.perplexity(), 1.0);
  use.add(at::arange(4).view({2, 2}));
  EXPECT_EQ(use.used(), 4);
  EXPECT_DOUBLE_EQ(use.perplexity(), 4.0);
  use.add(at::arange(2).repeat({2}));  // now 3, 3, 1, 1 of eight
  EXPECT_EQ(use.tokens(), 8);
  EXPECT_NEAR(use.entropy_bits(), 0.75 * std::log2(8.0 / 3) + 0.25 * 3, 1e-12);
  test::expect_error(
      ErrorCode::kInvalidArgument, "0..7, got 8", [&] { use.add(at::full({1}, 8)); });
}

}  // namespace
}  // namespace tessera::eval
