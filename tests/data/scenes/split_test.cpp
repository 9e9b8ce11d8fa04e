#include "data/scenes/split.h"

#include <bit>
#include <set>

#include <gtest/gtest.h>

#include "data/scenes/stable_hash.h"
#include "tests/data/scenes/fixtures.h"
#include "tests/support/expect_error.h"

namespace tessera::data {
namespace {

TEST(StableHash, GivesTheRecordedValues) {
  EXPECT_EQ(stable_hash("col|car|red"), 0xd0dffe6955e570abU);
  EXPECT_EQ(stable_hash("bg|dog|blue"), 0x67e8e5b321fde1bdU);
  EXPECT_EQ(stable_hash("cnt|apple|3"), 0x862760a2aaf9a7c5U);
  EXPECT_EQ(stable_hash("size|dog|large"), 0x4e77643e38f02b59U);
  EXPECT_EQ(stable_hash("pos|dog|top left"), 0xbb3f11bb3eee0b9cU);
  EXPECT_EQ(stable_hash("pair|cat|dog"), 0xdaa441259bf56d8cU);
  EXPECT_EQ(stable_hash("dir|cat|left|dog"), 0xb3bd64091106ce3fU);
  EXPECT_EQ(stable_hash("col|car|red") % 100, 7U);
}

/// A scene of some nouns, without a background, to be asked for its keys.
Scene scene_of(Kind kind, std::vector<int> shown, int variant = 0) {
  Scene s{.kind = kind, .variant = variant};
  for (const int noun : shown) s.objects[static_cast<std::size_t>(s.count++)].noun = noun;
  return s;
}

int holds(const Scene& scene, HeldOut held) {
  return static_cast<int>(held_out_classes(scene) >> static_cast<unsigned>(held) & 1U);
}

// The counts below were made by two other programs from the rule alone.
TEST(Split, HoldsOutTheCountedCells) {
  int backgrounds = 0;
  int colours = 0;
  int counts = 0;
  int sizes = 0;
  int positions = 0;
  int places = 0;
  for (int noun = 0; noun < kNounCount; ++noun) {
    Scene s = scene_of(Kind::kSingle, {noun});
    for (s.background = 0; s.background < kBackgroundCount; ++s.background) {
      backgrounds += holds(s, HeldOut::kBackground);
    }
    s = scene_of(Kind::kColour, {noun});
    for (int colour = 0; colour < kObjectColourCount; ++colour) {
      s.objects[0].colour = colour;
      if (nouns()[static_cast<std::size_t>(noun)].recolour_rank >= 0) {
        colours += holds(s, HeldOut::kColour);
      }
    }
    for (int k = 0; k < 5; ++k) {
      const std::vector<int> copies(static_cast<std::size_t>(k + 2), noun);
      counts += holds(scene_of(Kind::kCount, copies, k), HeldOut::kCount);
    }
    for (int k = 0; k < 2; ++k) sizes += holds(scene_of(Kind::kSize, {noun}, k), HeldOut::kSize);
    for (int k = 0; k < kPositionCount; ++k) {
      positions += holds(scene_of(Kind::kPosition, {noun}, k), HeldOut::kPosition);
    }
    s = scene_of(Kind::kPlace, {noun});
    for (s.place = 0; s.place < kPlaceCount; ++s.place) places += holds(s, HeldOut::kPlace);
  }
  EXPECT_EQ(backgrounds, 228);
  EXPECT_EQ(colours, 43);
  EXPECT_EQ(counts, 104);
  EXPECT_EQ(sizes, 31);
  EXPECT_EQ(positions, 184);
  EXPECT_EQ(places, 195);
}

TEST(Split, HoldsOutTheCountedPairsAndDirections) {
  int pairs = 0;
  int directions = 0;
  for (int a = 0; a < kNounCount; ++a) {
    for (int b = 0; b < kNounCount; ++b) {
      if (a == b) continue;
      const Scene left = scene_of(Kind::kRelation, {a, b}, static_cast<int>(Relation::kLeft));
      const Scene above = scene_of(Kind::kRelation, {a, b}, static_cast<int>(Relation::kAbove));
      if (a < b) pairs += holds(left, HeldOut::kPair);
      directions += holds(left, HeldOut::kDirection) + holds(above, HeldOut::kDirection);
    }
  }
  EXPECT_EQ(pairs, 1955);
  EXPECT_EQ(directions, 14332);
}

TEST(Split, SaysTheSameOfBothWordingsOfADirection) {
  for (int a = 0; a < 40; ++a) {
    for (int b = 0; b < 40; ++b) {
      if (a == b) continue;
      for (int relation = 0; relation < 4; ++relation) {
        EXPECT_EQ(held_out_classes(scene_of(Kind::kRelation, {a, b}, relation)),
                  held_out_classes(scene_of(Kind::kRelation, {b, a}, relation ^ 1)));
      }
    }
  }
}

TEST(Split, TrainingScenesHaveNoHeldOutKeyAndTestScenesOneClass) {
  const auto scenes = [](const std::string& split, std::vector<std::string> kinds) {
    const auto source = open_scenes(atlas_path(), {.split = split, .kinds = std::move(kinds)});
    return unpack_all(source->program(first_indices(300)));
  };
  for (const Scene& s : scenes("train", {})) {
    EXPECT_EQ(held_out_classes(s), 0U);
    EXPECT_FALSE(held_out_wording(s));
  }
  std::set<unsigned> met;
  for (const Scene& s : scenes("heldout", {})) {
    EXPECT_TRUE(std::has_single_bit(held_out_classes(s)));
    EXPECT_FALSE(held_out_wording(s));
    met.insert(held_out_classes(s));
  }
  EXPECT_EQ(met.size(), kHeldOutNames.size());
  for (std::size_t k = 0; k < kHeldOutNames.size(); ++k) {
    for (const Scene& s : scenes("heldout:" + std::string(kHeldOutNames[k]), {})) {
      EXPECT_EQ(held_out_classes(s), 1U << k);
    }
  }
  for (const Scene& s : scenes("heldout:wording", {})) {
    EXPECT_TRUE(held_out_wording(s));
    EXPECT_EQ(held_out_classes(s), 0U);
  }
}

TEST(Split, NamesWhatIsKnown) {
  test::expect_error(ErrorCode::kInvalidArgument, "heldout:direction", [] { parse_split("test"); });
  test::expect_error(
      ErrorCode::kInvalidArgument, "\"heldout:place\" has no scene in this world", [] {
        SceneOptions{.split = "heldout:place", .kinds = {"single"}}.validate();
      });
}

}  // namespace
}  // namespace tessera::data
