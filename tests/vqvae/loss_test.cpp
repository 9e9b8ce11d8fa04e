#include "vqvae/loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"

namespace tessera::vqvae {
namespace {

TEST(ReconstructionLoss, PartsAreWhatTheirNamesSay) {
  // One row of error 1, one of error -1, all else equal; but for one pixel's 2 in the last column.
  at::Tensor reference = test::normal(1, {1, 1, 4, 3});
  at::Tensor images = reference.clone();
  images.select(2, 1) += 1;
  images.select(2, 2) -= 1;
  images[0][0][0][2] += 2;
  const ReconstructionLoss loss =
      reconstruction_loss(images, reference, {.l1 = 2, .l2 = 3, .edge = 5});
  ASSERT_EQ(loss.parts.size(), 3u);
  EXPECT_EQ(loss.parts[0].first, "l1");
  EXPECT_NEAR(loss.parts[0].second.item<double>(), 8.0 / 12.0, 1e-12);
  EXPECT_EQ(loss.parts[1].first, "l2");
  EXPECT_NEAR(loss.parts[1].second.item<double>(), 10.0 / 12.0, 1e-12);
  EXPECT_EQ(loss.parts[2].first, "edge");
  // Down: 1, 2, 1 in two columns and 1, 2, 1 in the third (2 to 1); across: 2 once of 8.
  const double edge = 12.0 / 9.0 + 2.0 / 8.0;
  EXPECT_NEAR(loss.parts[2].second.item<double>(), edge, 1e-12);
  EXPECT_NEAR(loss.total.item<double>(), 2 * 8.0 / 12.0 + 3 * 10.0 / 12.0 + 5 * edge, 1e-12);
}

TEST(ReconstructionLoss, WeightZeroLeavesThePartOut) {
  const at::Tensor x = test::normal(1, {1, 1, 4, 3});
  const ReconstructionLoss loss = reconstruction_loss(x, x, {.edge = 0});
  ASSERT_EQ(loss.parts.size(), 1u);
  EXPECT_EQ(loss.total.item<double>(), 0);
}

TEST(ReconstructionLoss, HasATrueDerivative) {
  at::Tensor images = test::normal(2, {2, 3, 4, 5}).set_requires_grad(true);
  const at::Tensor reference = test::normal(3, images.sizes());
  test::expect_gradient(images, [&] {
    return reconstruction_loss(images, reference, {.l1 = 1, .l2 = 0.5, .edge = 2}).total;
  });
}

TEST(ReconstructionLoss, RefusesOtherSizes) {
  test::expect_error(ErrorCode::kShapeMismatch, "[1, 3, 4, 4]", [] {
    reconstruction_loss(at::zeros({1, 3, 4, 4}), at::zeros({1, 3, 8, 8}), {});
  });
}

TEST(Psnr, OfAKnownError) {
  // Black against a level of 25.5 higher, rounded to 26 of 255; and against white: 0 dB.
  const at::Tensor black = at::full({2, 3, 4, 4}, -1.0F);
  at::Tensor other = black.clone();
  other[0] += 0.2F;
  other[1] = 7.0F;  // clamped to white
  const at::Tensor db = psnr(other, black);
  EXPECT_NEAR(db[0].item<double>(), 20 * std::log10(255.0 / 26.0), 0.35);
  EXPECT_NEAR(db[1].item<double>(), 0, 1e-12);
  EXPECT_TRUE(std::isinf(psnr(black, black)[0].item<double>()));
}

}  // namespace
}  // namespace tessera::vqvae
