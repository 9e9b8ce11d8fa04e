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

/// SSIM of one window, written out.
double similarity(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double mean_a = 0;
  double mean_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
  }
  double var_a = 0;
  double var_b = 0;
  double together = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    var_a += (a[i] - mean_a) * (a[i] - mean_a) / n;
    var_b += (b[i] - mean_b) * (b[i] - mean_b) / n;
    together += (a[i] - mean_a) * (b[i] - mean_b) / n;
  }
  const double c1 = 0.02 * 0.02;
  const double c2 = 0.06 * 0.06;
  return (2 * mean_a * mean_b + c1) * (2 * together + c2) /
         ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
}

TEST(StructureError, IsOneMinusTheMeanOfItsWindows) {
  const at::Tensor a = test::normal(4, {2, 3, 12, 18}) * 0.3;
  const at::Tensor b = a * 0.7 + 0.1 * test::normal(5, a.sizes()) + 0.2;
  double sum = 0;
  std::int64_t windows = 0;
  for (std::int64_t plane = 0; plane < 6; ++plane) {
    for (std::int64_t y = 0; y + 8 <= 12; y += 4) {
      for (std::int64_t x = 0; x + 8 <= 18; x += 4) {
        const auto values = [&](const at::Tensor& t) {
          const at::Tensor window =
              t.flatten(0, 1)[plane].slice(0, y, y + 8).slice(1, x, x + 8).contiguous();
          return std::vector<double>(window.const_data_ptr<double>(),
                                     window.const_data_ptr<double>() + 64);
        };
        sum += similarity(values(a), values(b));
        ++windows;
      }
    }
  }
  EXPECT_EQ(windows, 6 * 2 * 3);
  EXPECT_NEAR(structure_error(a, b).item<double>(), 1 - sum / static_cast<double>(windows), 1e-10);
  EXPECT_NEAR(structure_error(a, a).item<double>(), 0, 1e-12);
}

TEST(StructureError, MindsWhatIsLostAndNotHowStronglyItStoodOut) {
  // A thing that vanishes: a tenth of the contrast is a hundredth of the squared error.
  const at::Tensor thing = test::normal(6, {1, 3, 16, 16});
  const at::Tensor flat = at::full_like(thing, 0.25);
  const double bright = structure_error(flat, flat + thing).item<double>();
  const double pale = structure_error(flat, flat + 0.1 * thing).item<double>();
  EXPECT_GT(bright, 0.9);
  EXPECT_GT(pale, 0.6 * bright);
}

TEST(StructureError, HasATrueDerivative) {
  at::Tensor images = test::normal(7, {2, 1, 12, 8}).set_requires_grad(true);
  const at::Tensor reference = images.detach() + 0.3 * test::normal(8, images.sizes());
  test::expect_gradient(images, [&] { return structure_error(images, reference); });
}

TEST(StructureError, IsAPartOfTheLoss) {
  const at::Tensor a = test::normal(9, {1, 3, 8, 8});
  const at::Tensor b = test::normal(10, a.sizes());
  const ReconstructionLoss loss = reconstruction_loss(a, b, {.l1 = 1, .edge = 0, .structure = 0.5});
  ASSERT_EQ(loss.parts.size(), 2u);
  EXPECT_EQ(loss.parts[1].first, "structure");
  const double wanted =
      (a - b).abs().mean().item<double>() + 0.5 * structure_error(a, b).item<double>();
  EXPECT_NEAR(loss.total.item<double>(), wanted, 1e-12);
}

TEST(StructureError, RefusesPicturesSmallerThanItsWindow) {
  test::expect_error(ErrorCode::kShapeMismatch, "at least 8 pixels a side, got [1, 3, 16, 7]", [] {
    structure_error(at::zeros({1, 3, 16, 7}), at::zeros({1, 3, 16, 7}));
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
