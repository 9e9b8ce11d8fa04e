#include "eval/gaussian_bits.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

/// Two pictures, three strides: terms in nats a dimension.
diffusion::BoundTerms terms(double shift) {
  return {.prior = at::tensor({0.5, 0.5}, at::kDouble),
          .terms = at::tensor({1.0, 2.0, 4.0, 1.0 + shift, 2.0, 4.0}, at::kDouble).view({2, 3}),
          .squared_error = at::tensor({1.0, 0.25, 0.0, 1.0, 0.25, 0.0}, at::kDouble).view({2, 3}),
          .plan = diffusion::even_plan({.trained = 6, .wanted = 3})};
}

TEST(GaussianBits, AddUpInBits) {
  GaussianBits bits("pixels");
  bits.add(terms(0.0), 12);
  bits.add(terms(2.0), 12);
  const io::Json report = bits.report();
  const double ln2 = std::log(2.0);
  // Totals 7.5, 7.5, 7.5, 9.5 nats a dimension.
  EXPECT_NEAR(report["bits_per_dimension"]["mean"].get<double>(), 8.0 / ln2, 1e-12);
  EXPECT_NEAR(report["bits_per_dimension"]["error"].get<double>(), 0.5 / ln2, 1e-12);
  EXPECT_NEAR(report["bits_per_picture"]["mean"].get<double>(), 96.0 / ln2, 1e-9);
  EXPECT_NEAR(report["terms_per_dimension"]["prior"]["mean"].get<double>(), 0.5 / ln2, 1e-12);
  EXPECT_NEAR(report["terms_per_dimension"]["denoising"]["mean"].get<double>(), 3.5 / ln2, 1e-12);
  EXPECT_NEAR(report["terms_per_dimension"]["decoding"]["mean"].get<double>(), 4.0 / ln2, 1e-12);
  ASSERT_EQ(report["times"].size(), 3U);
  EXPECT_EQ(report["times"][1]["t"], 4);
  EXPECT_EQ(report["times"][1]["s"], 2);
  EXPECT_NEAR(report["times"][1]["x0_rmse"].get<double>(), 0.5, 1e-12);
  EXPECT_NE(gaussian_bits_table(report).find("a dimension (pixels)"), std::string::npos);
  test::expect_error(ErrorCode::kShapeMismatch, "12 numbers", [&] { bits.add(terms(0.0), 13); });
}

}  // namespace
}  // namespace tessera::eval
