#include "core/philox.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

// The known answers that Random123 publishes for Philox4x32-10.
TEST(Philox, KnownAnswers) {
  const Word4 zero = philox4x32({{0, 0, 0, 0}}, 0, 0);
  EXPECT_EQ(zero.w[0], 0x6627e8d5u);
  EXPECT_EQ(zero.w[1], 0xe169c58du);
  EXPECT_EQ(zero.w[2], 0xbc57ac4cu);
  EXPECT_EQ(zero.w[3], 0x9b00dbd8u);
  const Word4 ones = philox4x32({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u);
  EXPECT_EQ(ones.w[0], 0x408f276du);
  EXPECT_EQ(ones.w[1], 0x41c83b0eu);
  EXPECT_EQ(ones.w[2], 0xa20bc7c6u);
  EXPECT_EQ(ones.w[3], 0x6d5451fdu);
  const Word4 pi =
      philox4x32({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0xa4093822u, 0x299f31d0u);
  EXPECT_EQ(pi.w[0], 0xd16cfe09u);
  EXPECT_EQ(pi.w[1], 0x94fdccebu);
  EXPECT_EQ(pi.w[2], 0x5001e420u);
  EXPECT_EQ(pi.w[3], 0x24126ea1u);
}

TEST(Philox, UnitIsOpenAtBothEnds) {
  EXPECT_GT(unit(0u), 0.0f);
  EXPECT_LT(unit(~0u), 1.0f);
  EXPECT_LT(unit(0x7fffffffu), unit(0x80000000u));
}

TEST(Philox, EveryPartOfTheAddressMatters) {
  const RngKey key{.seed = 7, .image = 1, .purpose = Purpose::kStep, .step = 3};
  const auto word = [](RngKey k, std::uint32_t block) { return philox(k, block).w[0]; };
  const std::uint32_t base = word(key, 0);
  EXPECT_NE(base, word(key, 1));
  for (int part = 0; part < 5; ++part) {
    RngKey other = key;
    if (part == 0) other.seed = 8;
    if (part == 1) other.seed = key.seed | (1ull << 40);
    if (part == 2) other.image = 2;
    if (part == 3) other.purpose = Purpose::kTime;
    if (part == 4) other.step = 4;
    EXPECT_NE(base, word(other, 0)) << "part " << part;
  }
}

}  // namespace
}  // namespace tessera
