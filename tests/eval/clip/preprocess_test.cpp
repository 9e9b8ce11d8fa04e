#include "eval/clip/preprocess.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/eval/clip/tiny_clip.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

/// [H, W, 3] uint8: red is the row, green the column, blue constant.
at::Tensor ramp(std::int64_t height, std::int64_t width) {
  const at::Tensor rows = at::arange(height).view({height, 1}).expand({height, width});
  const at::Tensor columns = at::arange(width).view({1, width}).expand({height, width});
  return at::stack({rows, columns, at::full({height, width}, 9)}, 2).to(at::kByte);
}

// Recorded pictures are in tests/golden; here is what needs no recording.
TEST(ClipPreprocess, APictureOfTheRightSizeStaysAsItIs) {
  const at::Tensor picture = ramp(16, 16);
  EXPECT_TRUE(clip_crop(picture, 16).equal(picture));
  const at::Tensor pixels = clip_picture(picture, test::tiny_options());
  EXPECT_EQ(pixels.sizes(), at::IntArrayRef({3, 16, 16}));
  EXPECT_NEAR(pixels[0][5][2].item<double>(), (5 / 255.0 - 0.48145466) / 0.26862954, 1e-5);
  EXPECT_NEAR(pixels[1][5][2].item<double>(), (2 / 255.0 - 0.4578275) / 0.26130258, 1e-5);
}

TEST(ClipPreprocess, TheMiddleOfTheLongerSideIsTaken) {
  const at::Tensor wide = clip_crop(ramp(16, 31), 16);  // an odd rest of 15: 7 to the left
  EXPECT_EQ(wide[0][0][1].item<int>(), 7);
  EXPECT_EQ(wide[0][15][1].item<int>(), 22);
  const at::Tensor tall = clip_crop(ramp(40, 16), 16);
  EXPECT_EQ(tall[0][0][0].item<int>(), 12);
  EXPECT_EQ(tall.sizes(), at::IntArrayRef({16, 16, 3}));
}

TEST(ClipPreprocess, AFlatPictureStaysFlatAtAnySize) {
  for (const auto& [height, width] : {std::pair{7, 30}, {200, 33}, {1, 1}, {64, 64}}) {
    const at::Tensor picture = at::full({height, width, 3}, 77, at::kByte);
    EXPECT_TRUE(clip_crop(picture, 16).eq(77).all().item<bool>()) << height << "x" << width;
  }
}

TEST(ClipPreprocess, OtherThingsThanPicturesAreRefused) {
  for (const at::Tensor& bad : {at::zeros({3, 16, 16}, at::kByte),
                                at::zeros({16, 16, 3}),
                                at::zeros({0, 16, 3}, at::kByte)}) {
    tessera::test::expect_error(
        ErrorCode::kShapeMismatch, "[H, W, 3] uint8", [&] { clip_crop(bad, 16); });
  }
}

}  // namespace
}  // namespace tessera::eval
