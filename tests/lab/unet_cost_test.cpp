#include "lab/unet_cost.h"

#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

TEST(UNetCost, OneLevelByHand) {
  // 4x4 pictures of one channel, 32 wide, one block a level, no attention but in the middle.
  const diffusion::UNetOptions options{.channels = 1,
                                       .side = 4,
                                       .base_channels = 32,
                                       .channel_multipliers = {1},
                                       .residual_blocks = 1,
                                       .attention_sides = {}};
  const double places = 16;
  const double conv = 9 * 32 * 32 * places;
  const double dense = 128 * 32;
  const double block = 2 * conv + dense;
  const double joined = 9 * 64 * 32 * places + conv + dense + 64 * 32 * places;
  const double attention = 4 * 32 * 32 * places + 2 * places * places * 32;
  const double time = 32 * 128 + 128 * 128;
  const double ends = 9 * 32 * places * 2;
  EXPECT_DOUBLE_EQ(unet_multiply_adds(options),
                   time + ends + block + 2 * block + attention + 2 * joined);
}

}  // namespace
}  // namespace tessera::lab
