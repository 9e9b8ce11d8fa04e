#include "train/sheet.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::train {
namespace {

/// Picture i is one grey level.
at::Tensor greys(std::int64_t count, double first) {
  return (at::arange(count, at::kFloat) * 0.1 + first).view({-1, 1, 1, 1}).expand({count, 3, 4, 6});
}

TEST(Sheet, PicturesStandRowByRowWithWhiteBetween) {
  const at::Tensor sheet = make_sheet(greys(5, -1.0), 3);
  ASSERT_EQ(sheet.sizes(), (at::IntArrayRef{2 * 4 + 2, 3 * 6 + 2 * 2, 3}));
  EXPECT_EQ(sheet[0][0][0].item<int>(), 0);
  EXPECT_EQ(sheet[3][5][2].item<int>(), 0);
  EXPECT_EQ(sheet[0][6][0].item<int>(), 255);
  EXPECT_EQ(sheet[0][8][0].item<int>(), 13);    // -0.9 -> 12.75
  EXPECT_EQ(sheet[6][8][0].item<int>(), 51);    // -0.6
  EXPECT_EQ(sheet[6][16][0].item<int>(), 255);  // no sixth picture
}

}  // namespace
}  // namespace tessera::train
