#include <algorithm>
#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "io/image/contact_sheet.h"
#include "io/image/convert.h"
#include "io/image/resize.h"
#include "tests/support/expect_error.h"

namespace tessera::io {
namespace {

RgbImage plain(std::int32_t width, std::int32_t height, std::uint8_t level) {
  return {width,
          height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), level)};
}
std::uint8_t level(const RgbImage& image,
                   std::int32_t x,
                   std::int32_t y,
                   std::int32_t channel = 0) {
  return image.pixels.at(static_cast<std::size_t>(3 * (y * image.width + x) + channel));
}
/// Red holds the column, green the row.
RgbImage numbered(std::int32_t width, std::int32_t height) {
  RgbImage image = plain(width, height, 0);
  for (std::int32_t y = 0; y < height; ++y) {
    for (std::int32_t x = 0; x < width; ++x) {
      image.pixels[static_cast<std::size_t>(3 * (y * width + x))] = static_cast<std::uint8_t>(x);
      image.pixels[static_cast<std::size_t>(3 * (y * width + x) + 1)] =
          static_cast<std::uint8_t>(y);
    }
  }
  return image;
}

TEST(Convert, EveryLevelComesBack) {
  RgbImage image{.width = 256, .height = 1};
  for (int i = 0; i < 256; ++i) {
    for (const int value : {i, 255 - i, 7})
      image.pixels.push_back(static_cast<std::uint8_t>(value));
  }
  const at::Tensor tensor = to_tensor(image);
  ASSERT_EQ(tensor.sizes(), (at::IntArrayRef{3, 1, 256}));
  EXPECT_EQ(tensor[0][0][0].item<float>(), -1.0F);
  EXPECT_EQ(tensor[0][0][255].item<float>(), 1.0F);
  EXPECT_EQ(to_image(tensor), image);
  EXPECT_EQ(to_image(tensor.to(at::kDouble)), image);
  EXPECT_EQ(to_images(at::stack({tensor, tensor})), (std::vector{image, image}));
  EXPECT_EQ(to_bytes(image)[1][0][3].item<int>(), 252);
}

TEST(Convert, RoundsAndClampsWhatIsBetweenAndBeyond) {
  const float inf = std::numeric_limits<float>::infinity();
  const at::Tensor row =
      at::tensor({-7.0F, -inf, 2.0F, inf, std::nanf(""), 0.4F / 127.5F - 1, 0.6F / 127.5F - 1});
  const RgbImage image = to_image(row.expand({3, 1, 7}));
  std::vector<int> reds;
  for (std::int32_t x = 0; x < 7; ++x) reds.push_back(level(image, x, 0));
  EXPECT_EQ(reds, (std::vector<int>{0, 0, 255, 255, 0, 0, 1}));
  test::expect_error(ErrorCode::kShapeMismatch, "[1, 2, 2]", [] {
    to_image(at::zeros({1, 2, 2}));
  });
  test::expect_error(ErrorCode::kShapeMismatch, "[3, 2]", [] { to_images(at::zeros({3, 2})); });
  test::expect_error(ErrorCode::kShapeMismatch, "", [] { to_image(at::Tensor()); });
}

TEST(Resize, AveragesAreasAndKeepsFlatColours) {
  RgbImage image = plain(4, 4, 0);
  for (std::size_t i = 0; i < 24; ++i) image.pixels[i] = 200;  // upper half
  const RgbImage half = resize(image, 2, 2);
  EXPECT_EQ(level(half, 0, 0), 200);
  EXPECT_EQ(level(half, 1, 1), 0);
  EXPECT_EQ(level(resize(image, 1, 1), 0, 0), 100);
  EXPECT_EQ(resize(plain(5, 3, 77), 64, 64), plain(64, 64, 77));
  EXPECT_EQ(resize(image, 4, 4), image);
  test::expect_error(ErrorCode::kInvalidArgument, "0x4", [&] { resize(image, 0, 4); });
  test::expect_error(ErrorCode::kInvalidArgument, "", [] { resize({}, 4, 4); });
}

TEST(Resize, CropsTheCentre) {
  const RgbImage part = centre_crop(numbered(10, 7), 4, 3);
  EXPECT_EQ(level(part, 0, 0, 0), 3);
  EXPECT_EQ(level(part, 0, 0, 1), 2);
  EXPECT_EQ(level(part, 3, 2, 0), 6);
  EXPECT_EQ(centre_crop(numbered(2, 2), 9, 9), numbered(2, 2));
}

TEST(Resize, FitsASquareInEachWay) {
  const RgbImage wide = numbered(40, 20);
  const RgbImage cropped = fit_square(wide, 10, Fit::kCrop);
  EXPECT_EQ(cropped.width, 10);
  EXPECT_EQ(cropped.height, 10);
  EXPECT_NEAR(level(cropped, 0, 0), 10, 1);  // the ten columns left and right are gone
  const RgbImage padded = fit_square(wide, 10, Fit::kPad);
  EXPECT_EQ(level(padded, 5, 0), 255);
  EXPECT_EQ(level(padded, 5, 9), 255);
  EXPECT_LT(level(padded, 5, 5), 30);
  EXPECT_NEAR(level(fit_square(wide, 10, Fit::kStretch), 9, 5), 38, 1);
  EXPECT_EQ(fit_square(plain(1, 9000, 3), 8, Fit::kPad).pixels.size(),
            192U);  // thinner than a pixel
}

TEST(ContactSheet, LaysOutPicturesFramesAndCaptions) {
  const RgbImage grey = plain(64, 64, 90);
  std::vector<SheetCell> cells(3, SheetCell{grey, "", Frame::kNone});
  const RgbImage bare = contact_sheet(cells, {.columns = 2});
  EXPECT_EQ(bare.width, 2 * 140);
  EXPECT_EQ(bare.height, 2 * 140);
  EXPECT_EQ(level(bare, 6, 6), 90);
  EXPECT_EQ(level(bare, 133, 133), 90);
  EXPECT_EQ(level(bare, 134, 134), 255);
  EXPECT_EQ(level(bare, 5, 5), 255);
  EXPECT_EQ(level(bare, 200, 200), 255);  // the place of a fourth

  cells[1].frame = Frame::kGreen;
  cells[2].frame = Frame::kRed;
  cells[0].caption = "a red apple to the left of a green cup on a blue background";
  const RgbImage sheet = contact_sheet(cells, {.columns = 2});
  EXPECT_GT(sheet.height, bare.height);
  EXPECT_LT(level(sheet, 144, 4, 0), 100);  // green beside the second picture
  EXPECT_GT(level(sheet, 144, 4, 1), 100);
  std::size_t dark = 0;
  for (std::int32_t y = 136; y < sheet.height - 140; ++y) {
    for (std::int32_t x = 0; x < 134; ++x) dark += level(sheet, x, y) < 128;
    for (std::int32_t x = 134; x < 140; ++x)
      EXPECT_EQ(level(sheet, x, y), 255);  // text stays in its cell
  }
  EXPECT_GT(dark, 100U);
}

TEST(ContactSheet, TakesAnyCaptionAndAnySize) {
  const std::string one_word(500, 'w');
  std::vector<SheetCell> cells = {
      {plain(3, 200, 1), one_word, Frame::kRed},
      {plain(500, 20, 1), "\xF0\x9F\x8D\x8E \xff\n\t\x01", Frame::kNone},
      {plain(1, 1, 1), "", Frame::kGreen}};
  EXPECT_GT(contact_sheet(cells, {}).width, 500);
  EXPECT_LT(contact_sheet(cells, {.columns = 3, .side = 50}).width, 200);
  test::expect_error(ErrorCode::kInvalidArgument, "at least one", [] { contact_sheet({}, {}); });
  test::expect_error(ErrorCode::kInvalidArgument, "empty", [] { contact_sheet({{}}, {}); });
  cells.assign(2000, cells[1]);
  test::expect_error(
      ErrorCode::kInvalidArgument, "too large", [&] { contact_sheet(cells, {.columns = 1000}); });
}

}  // namespace
}  // namespace tessera::io
