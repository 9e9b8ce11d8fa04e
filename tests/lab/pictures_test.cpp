#include "lab/pictures.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

TEST(Pictures, ASheetIsPicturesBetweenWhiteGaps) {
  const at::Tensor pictures =
      at::stack({at::full({1, 4, 4}, -1.0), at::full({1, 4, 4}, 1.0), at::full({1, 4, 4}, 0.0)});
  const Raster sheet = sheet_of(pictures, {.columns = 2, .enlarge = 2});
  EXPECT_EQ(sheet.width, 20);   // two of 8 pixels and a gap of 2 each
  EXPECT_EQ(sheet.height, 20);  // two rows
  const auto red = [&](std::int64_t y, std::int64_t x) {
    return static_cast<int>(sheet.rgb[static_cast<std::size_t>(3 * (y * sheet.width + x))]);
  };
  EXPECT_EQ(red(0, 0), 255);
  EXPECT_EQ(red(5, 5), 0);
  EXPECT_EQ(red(5, 15), 255);
  EXPECT_EQ(red(15, 5), 128);
  EXPECT_EQ(red(15, 15), 255);  // no fourth picture
}

TEST(Pictures, RangesAreClamped) {
  const at::Tensor picture = at::tensor({-9.0, 0.5, 9.0}, at::kDouble).view({1, 1, 3});
  const Raster raster = raster_of(picture, {.low = 0, .high = 1}, 1);
  EXPECT_EQ(raster.rgb, (std::vector<std::uint8_t>{0, 0, 0, 128, 128, 128, 255, 255, 255}));
}

TEST(Pictures, ScenesComeFromTheAtlas) {
  const std::filesystem::path atlas =
      std::filesystem::path(TESSERA_SOURCE_DIR) / "data/scenes/atlas/emoji.safetensors";
  const at::Tensor scenes = scene_pictures(atlas, 3, 16, SceneChoice::kAny);
  EXPECT_EQ(scenes.sizes(), (std::vector<std::int64_t>{3, 3, 16, 16}));
  EXPECT_GT(scenes.std().item<double>(), 0.1);
}

}  // namespace
}  // namespace tessera::lab
