#include "data/scenes/atlas.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/scenes/recolour.h"
#include "io/state_dict.h"
#include "tests/data/scenes/fixtures.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::data {
namespace {

TEST(Atlas, BoxesAreThoseMeasuredInTheFont) {
  int least_long = 128;
  int most_long = 0;
  int least_width = 128;
  int least_height = 128;
  for (const Box& box : shared_atlas()->boxes) {
    least_long = std::min(least_long, std::max(box.height(), box.width()));
    most_long = std::max(most_long, std::max(box.height(), box.width()));
    least_width = std::min(least_width, box.width());
    least_height = std::min(least_height, box.height());
  }
  EXPECT_EQ(least_long, 103);
  EXPECT_EQ(most_long, 128);
  EXPECT_EQ(least_width, 52);
  EXPECT_EQ(least_height, 70);
}

TEST(Atlas, SpritesArePremultipliedAndTheLastIsEmpty) {
  const Atlas& atlas = *shared_atlas();
  const at::Tensor rgb = atlas.palette.slice(2, 0, 3);
  const at::Tensor alpha = atlas.palette.slice(2, 3, 4);
  EXPECT_TRUE((rgb <= alpha + 1e-6).all().item<bool>());
  EXPECT_EQ(atlas.palette[kNoSprite].abs().max().item<float>(), 0);
  EXPECT_EQ(sprite_row(find_noun("car"), -1), find_noun("car"));
  EXPECT_EQ(sprite_row(find_noun("car"), 0), 200);
  EXPECT_EQ(sprite_row(find_noun("dolphin"), 6), 535);
}

TEST(Atlas, RecolouringKeepsShapesAndGivesTheTargetHue) {
  const Atlas& atlas = *shared_atlas();
  std::vector<std::int64_t> rows;
  for (std::int64_t row = kNounCount; row < kSpriteCount; ++row) rows.push_back(row);
  const at::Tensor sprites = atlas.sprites(at::tensor(rows, at::kLong));
  for (int rank = 0; rank < kRecolourableCount; ++rank) {
    const at::Tensor own = atlas.sprites(at::tensor({std::int64_t{recolourable_noun(rank)}}))[0];
    for (int colour = 0; colour < kObjectColourCount; ++colour) {
      const at::Tensor other = sprites[rank * kObjectColourCount + colour];
      EXPECT_TRUE(at::equal(own[3], other[3]));
      // Over the pixels that turned, the mean lies near the target in hue: its largest and smallest
      // channel are the target's.
      const at::Tensor turned = (own - other).abs().amax(0) > 0.02;
      if (turned.sum().item<std::int64_t>() < 400) continue;  // it had that colour before
      const ObjectColour& target = kObjectColours[static_cast<std::size_t>(colour)];
      const at::Tensor mean = other.slice(0, 0, 3).masked_select(turned).view({3, -1}).mean(1);
      const auto sector = static_cast<std::int64_t>(target.hue / 60);
      const std::int64_t largest =
          std::array<std::int64_t, 6>{0, 1, 1, 2, 2, 0}[static_cast<std::size_t>(sector)];
      EXPECT_EQ(mean.argmax().item<std::int64_t>(), largest)
          << nouns()[static_cast<std::size_t>(recolourable_noun(rank))].name << " " << target.name
          << " " << mean;
    }
  }
}

TEST(Recolour, TurnsTheModalHueAndLeavesGreys) {
  Palette palette{};
  palette[1] = {200, 20, 20, 255};  // red, the mode
  palette[2] = {128, 128, 128, 255};
  palette[3] = {20, 20, 200, 255};  // far from the mode
  std::array<std::int64_t, 256> counts{};
  counts[1] = 100;
  counts[2] = 100;
  counts[3] = 10;
  const Palette out = recolour(palette, counts, {"green", 120, 0.9, 0.5});
  EXPECT_EQ(out[2], palette[2]);
  EXPECT_EQ(out[3], palette[3]);
  // One hue, one saturation, one value: exactly the target, 0.5 * 255 and 0.1 of it.
  EXPECT_NEAR(out[1][1], 127.5, 1);
  EXPECT_NEAR(out[1][0], 12.75, 2);
  EXPECT_NEAR(out[1][2], 12.75, 2);
  EXPECT_EQ(out[1][3], 255);
}

TEST(Atlas, SpritesStandOutAsOftenAsCounted) {
  // 2,006 of 2,200 and 3,321 of 3,696 were counted with another definition of an outline's pixels.
  int plain = 0;
  int coloured = 0;
  for (std::size_t row = 0; row < static_cast<std::size_t>(kSpriteCount); ++row) {
    for (const bool yes : shared_atlas()->contrast[row])
      (row < kNounCount ? plain : coloured) += yes;
  }
  EXPECT_NEAR(plain, 2006, 10);
  EXPECT_NEAR(coloured, 3321, 20);
  const auto stands = [](std::string_view noun, std::size_t background) {
    return shared_atlas()->contrast[static_cast<std::size_t>(find_noun(noun))][background];
  };
  EXPECT_FALSE(stands("ghost", kWhite));
  EXPECT_TRUE(stands("ghost", kBlack));
  EXPECT_FALSE(stands("frog", 3) && stands("heart", 0));
}

TEST(Atlas, SaysWhatIsWrongWithAFile) {
  const test::TemporaryFolder folder;
  test::expect_error(ErrorCode::kNotFound, "none.safetensors", [&] {
    read_atlas(folder.path() / "none.safetensors");
  });
  io::StateDict state{.tensors = {{"index", at::zeros({200, 128, 128}, at::kByte)}}};
  const auto file = folder.path() / "odd.safetensors";
  io::write_safetensors(file, state);
  test::expect_error(ErrorCode::kCorruptFile, "palette", [&] { read_atlas(file); });
  state.tensors["palette"] = at::zeros({200, 256, 4}, at::kByte);
  state.metadata["nouns"] = "dog,cat";
  io::write_safetensors(file, state);
  test::expect_error(ErrorCode::kCorruptFile, "other nouns", [&] { read_atlas(file); });
}

}  // namespace
}  // namespace tessera::data
