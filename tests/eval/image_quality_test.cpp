#include "eval/image_quality.h"

#include <limits>

#include <gtest/gtest.h>

#include "tests/eval/wave_pictures.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

// Recorded from scikit-image (structural_similarity with gaussian_weights, sigma 1.5, without
// sample covariance, range 255; peak_signal_noise_ratio) on the same pictures by formula.
TEST(ImageQuality, IsThatOfScikitImage) {
  struct Case {
    std::int64_t height, width;
    int kind;
    double ssim, psnr;
  };
  for (const Case& c : {Case{24, 17, 0, 0.9741721667621626, 29.670203157787313},
                        Case{64, 64, 1, 0.9821128313530894, 29.672745237306803},
                        Case{11, 30, 2, 0.9872039215795533, 29.724610843994768}}) {
    const at::Tensor a = test::wave_picture(c.height, c.width, c.kind);
    const at::Tensor b = test::disturbed(a, c.kind + 1);
    EXPECT_NEAR(ssim(a, b).item<double>(), c.ssim, 1e-10) << c.height << "x" << c.width;
    EXPECT_NEAR(ssim(b, a).item<double>(), c.ssim, 1e-10);
    EXPECT_NEAR(psnr(a, b).item<double>(), c.psnr, 1e-10);
  }
}

// Constant pictures: variances vanish, and what is left of eq. 13 is the luminance term.
TEST(ImageQuality, OfConstantPicturesHasAClosedForm) {
  const at::Tensor a = at::full({1, 3, 16, 16}, 100 / 127.5 - 1);
  const at::Tensor b = at::full({1, 3, 16, 16}, 130 / 127.5 - 1);
  const double c1 = 2.55 * 2.55;
  EXPECT_NEAR(ssim(a, b).item<double>(), (2 * 100 * 130 + c1) / (100 * 100 + 130 * 130 + c1), 1e-9);
  EXPECT_NEAR(psnr(a, b).item<double>(), 20 * std::log10(255.0 / 30), 1e-9);
}

TEST(ImageQuality, ComparesLevelsRowByRow) {
  const at::Tensor a = test::wave_picture(16, 16, 0);
  const at::Tensor both = at::cat({a, a});
  const at::Tensor other = at::cat({a + 0.4 / 127.5, test::disturbed(a, 1)});
  EXPECT_EQ(psnr(both, other)[0].item<double>(), std::numeric_limits<double>::infinity());
  EXPECT_NEAR(ssim(both, other)[0].item<double>(), 1.0, 1e-12);
  EXPECT_LT(psnr(both, other)[1].item<double>(), 40);
  EXPECT_EQ(psnr(both, other)[1].item<double>(), psnr(a, other.slice(0, 1)).item<double>());
  EXPECT_EQ(ssim(both, other)[1].item<double>(), ssim(a, other.slice(0, 1)).item<double>());
  EXPECT_TRUE(at::equal(levels_of(at::tensor({-2.0, -1.0, 1.0, 7.0})),
                        at::tensor({0.0, 0.0, 255.0, 255.0}, at::kDouble)));
}

TEST(ImageQuality, RefusesWhatDoesNotFit) {
  const at::Tensor small = test::wave_picture(10, 20, 0);
  test::expect_error(ErrorCode::kInvalidArgument, "20x10", [&] { ssim(small, small); });
  test::expect_error(ErrorCode::kShapeMismatch, "of one size", [&] {
    psnr(small, test::wave_picture(10, 21, 0));
  });
}

}  // namespace
}  // namespace tessera::eval
