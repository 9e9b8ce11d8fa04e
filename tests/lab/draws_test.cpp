#include "lab/draws.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

TEST(Draws, StreamsDifferAndRepeat) {
  const at::Tensor a = draw_normal({1, 0}, {1000});
  EXPECT_EQ(a.scalar_type(), at::kDouble);
  EXPECT_TRUE(a.equal(draw_normal({1, 0}, {1000})));
  EXPECT_FALSE(a.equal(draw_normal({1, 1}, {1000})));
  EXPECT_FALSE(a.equal(draw_normal({2, 0}, {1000})));
  const at::Tensor u = draw_uniform({1, 0}, {1000});
  EXPECT_GT(u.min().item<double>(), 0.0);
  EXPECT_LT(u.max().item<double>(), 1.0);
}

TEST(Draws, UniformAndNormalNumbersOfAStreamAreIndependent) {
  const at::Tensor z = draw_normal({1, 3}, {100000});
  const at::Tensor u = draw_uniform({1, 3}, {100000}) - 0.5;
  for (const at::Tensor& product : {z * u, z.square().sub(1) * u, z * u.square()}) {
    const Estimate mean = mean_of(product);
    EXPECT_LT(std::abs(mean.value), 4.5 * mean.standard_error);
  }
}

TEST(Draws, EstimatesKnowTheirErrors) {
  // Worked by hand: 1, 2, 3, 4 has mean 2.5 and variance 5/3.
  const at::Tensor x = at::tensor({1.0, 2.0, 3.0, 4.0}, at::kDouble);
  EXPECT_DOUBLE_EQ(mean_of(x).value, 2.5);
  EXPECT_DOUBLE_EQ(mean_of(x).standard_error, std::sqrt(5.0 / 3.0 / 4.0));
  EXPECT_DOUBLE_EQ(variance_of(x).value, 5.0 / 3.0);
  // Of a normal law the variance's error is σ² √(2/n).
  const Estimate variance = variance_of(draw_normal({1, 0}, {100000}));
  EXPECT_NEAR(variance.standard_error, std::sqrt(2.0 / 1e5), 2e-4);
}

TEST(Draws, HistogramHasAreaOne) {
  const Histogram bars = histogram_of(at::tensor({0.1, 0.2, 0.9, 1.6}, at::kDouble), 0, 2, 2);
  ASSERT_EQ(bars.edges.size(), 3u);
  EXPECT_DOUBLE_EQ(bars.heights[0], 0.75);
  EXPECT_DOUBLE_EQ(bars.heights[1], 0.25);
}

}  // namespace
}  // namespace tessera::lab
