#include "data/scenes/sampler.h"

#include <array>
#include <map>
#include <set>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/scenes/layout.h"
#include "data/scenes/world.h"
#include "tests/data/scenes/fixtures.h"
#include "tests/support/expect_error.h"

namespace tessera::data {
namespace {

std::vector<at::Tensor> tensors_of(const SceneProgram& p) {
  return {p.kind,
          p.background,
          p.place,
          p.noun,
          p.colour,
          p.variant,
          p.wording,
          p.sprite,
          p.center,
          p.side,
          p.mirror,
          p.background_rgb,
          p.place_values};
}

TEST(Sampler, ASceneIsTheSameAloneAndInAnyBatch) {
  const auto source = open_scenes(atlas_path(), {.seed = 11});
  const std::vector<std::int64_t> indices{5, 0, 7, 5, 4294967295};
  const auto together = tensors_of(source->program(indices));
  for (std::size_t row = 0; row < indices.size(); ++row) {
    const auto alone = tensors_of(source->program({indices[row]}));
    for (std::size_t k = 0; k < alone.size(); ++k) {
      EXPECT_TRUE(at::equal(alone[k][0], together[k][static_cast<std::int64_t>(row)])) << k;
    }
  }
  const auto other = open_scenes(atlas_path(), {.seed = 12});
  EXPECT_NE(other->captions({0, 1, 2}), source->captions({0, 1, 2}));
  test::expect_error(ErrorCode::kInvalidArgument, "scene -1", [&] { source->captions({-1}); });
  test::expect_error(
      ErrorCode::kInvalidArgument, "4294967296", [&] { source->captions({source->size()}); });
}

TEST(Sampler, PackingLosesNothing) {
  const auto source = open_scenes(atlas_path(), {});
  const SceneProgram program = source->program(first_indices(64));
  const auto again = tensors_of(pack(unpack_all(program)));
  const auto before = tensors_of(program);
  for (std::size_t k = 0; k < again.size(); ++k) EXPECT_TRUE(at::equal(again[k], before[k])) << k;
}

TEST(Sampler, KindsComeByTheirWeights) {
  const auto source = open_scenes(
      atlas_path(), {.kinds = {"single", "coloured-relation", "three"}, .kind_weights = {1, 2, 5}});
  std::map<Kind, int> counts;
  constexpr int kScenes = 4000;
  for (const Scene& s : unpack_all(source->program(first_indices(kScenes)))) ++counts[s.kind];
  EXPECT_EQ(counts.size(), 3U);
  // Five standard deviations of a binomial share.
  const auto expect_share = [&](Kind kind, double share) {
    EXPECT_NEAR(counts[kind], kScenes * share, 5 * std::sqrt(kScenes * share * (1 - share)));
  };
  expect_share(Kind::kSingle, 0.125);
  expect_share(Kind::kColouredRelation, 0.25);
  expect_share(Kind::kThree, 0.625);
}

TEST(Sampler, DrawsUniformlyWhereNothingIsRejected) {
  const auto source = open_scenes(atlas_path(), {.split = "all", .kinds = {"place"}});
  std::array<int, kPlaceCount> places{};
  int plain = 0;
  constexpr int kScenes = 4000;
  for (const Scene& s : unpack_all(source->program(first_indices(kScenes)))) {
    ++places[static_cast<std::size_t>(s.place)];
    plain += s.objects[0].colour < 0 ? 1 : 0;
    EXPECT_EQ(s.background, -1);
  }
  double chi2 = 0;
  for (const int n : places) chi2 += (n - 400.0) * (n - 400.0) / 400;
  EXPECT_LT(chi2, 35);  // 9 degrees of freedom: p = 6e-5
  EXPECT_NEAR(plain, kScenes / 2, 160);
}

TEST(Sampler, ScenesAreLegible) {
  const Atlas& atlas = *shared_atlas();
  const auto source = open_scenes(atlas_path(), {.split = "all"});
  std::set<Kind> kinds;
  for (const Scene& s : unpack_all(source->program(first_indices(1500)))) {
    kinds.insert(s.kind);
    std::vector<PlacedBox> boxes;
    for (int k = 0; k < s.count; ++k) {
      const Object& object = s.objects[static_cast<std::size_t>(k)];
      const PlacedBox box = placed_box(object, atlas.boxes[static_cast<std::size_t>(object.noun)]);
      EXPECT_GE(std::min(box.top, box.left), 0);
      EXPECT_LE(std::max(box.top + box.height, box.left + box.width), 128);
      EXPECT_LE(object.side, 128);
      if (s.background >= 0) {
        const auto row = static_cast<std::size_t>(sprite_row(object.noun, object.colour));
        EXPECT_TRUE(atlas.contrast[row][static_cast<std::size_t>(s.background)]);
      }
      for (const PlacedBox& other : boxes) {
        const double down =
            std::abs(box.center_y() - other.center_y()) - (box.height + other.height) / 2;
        const double across =
            std::abs(box.center_x() - other.center_x()) - (box.width + other.width) / 2;
        EXPECT_GE(std::max(down, across), 4 - 1e-4);
      }
      boxes.push_back(box);
    }
    const auto longest = [&](std::size_t k) { return std::max(boxes[k].height, boxes[k].width); };
    if (s.kind == Kind::kSingle || s.kind == Kind::kColour) {
      EXPECT_GE(longest(0), 71.9);
      EXPECT_LE(longest(0), 100.1);
    } else if (s.kind == Kind::kRelation && relation_of(s) == Relation::kBelow) {
      EXPECT_NEAR(boxes[0].center_y(), 95, 0.02);
      EXPECT_NEAR(boxes[1].center_y(), 33, 0.02);
    } else if (s.kind == Kind::kPosition) {
      EXPECT_NEAR(boxes[0].center_y() / 128, 0.27 + 0.23 * (s.variant / 3), 5.1 / 128);
      EXPECT_NEAR(boxes[0].center_x() / 128, 0.27 + 0.23 * (s.variant % 3), 5.1 / 128);
    } else if (s.kind == Kind::kColouredRelation) {
      EXPECT_NE(s.objects[0].colour, s.objects[1].colour);
      EXPECT_NE(s.objects[0].noun, s.objects[1].noun);
    }
  }
  EXPECT_EQ(kinds.size(), static_cast<std::size_t>(kKindCount));
}

TEST(Sampler, JitterTintsNoGrey) {
  const auto source = open_scenes(atlas_path(), {.kinds = {"single"}});
  std::set<float> grays;
  for (const Scene& s : unpack_all(source->program(first_indices(600)))) {
    const auto& rgb = s.background_rgb;
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(rgb[c], kBackgrounds[static_cast<std::size_t>(s.background)].rgb[c], 10.01);
    }
    if (s.background == kGray) {
      EXPECT_EQ(rgb[0], rgb[1]);
      EXPECT_EQ(rgb[0], rgb[2]);
      grays.insert(rgb[0]);
    }
    if (s.background == kWhite) {
      EXPECT_THAT(rgb, testing::Each(255));
    }
  }
  EXPECT_GT(grays.size(), 10U);
}

TEST(World, AWorldOfFewNounsShowsThoseAlone) {
  SceneOptions options = starter_world();
  std::ranges::reverse(options.nouns);
  const auto source = open_scenes(atlas_path(), options);
  const auto sorted = open_scenes(atlas_path(), starter_world());
  EXPECT_EQ(source->captions(first_indices(50)), sorted->captions(first_indices(50)));
  EXPECT_EQ(source->fingerprint(), sorted->fingerprint());
  const at::Tensor noun = source->program(first_indices(500)).noun;
  std::set<std::string_view> met;
  for (std::int64_t k = 0; k < noun.numel(); ++k) {
    const auto row = noun.const_data_ptr<std::int64_t>()[k];
    if (row >= 0) met.insert(nouns()[static_cast<std::size_t>(row)].name);
  }
  EXPECT_EQ(met, std::set<std::string_view>(options.nouns.begin(), options.nouns.end()));
}

TEST(World, FingerprintsTellWorldsApart) {
  std::set<std::string> prints;
  for (const SceneOptions& options :
       {SceneOptions{},
        SceneOptions{.resolution = 128},
        SceneOptions{.seed = 1},
        SceneOptions{.split = "all"},
        SceneOptions{.nouns = {"dog", "cat", "car", "key"}},
        SceneOptions{.kinds = {"single"}},
        SceneOptions{.kinds = {"single", "colour"}},
        SceneOptions{.kinds = {"single", "colour"}, .kind_weights = {1, 2}}}) {
    prints.insert(open_scenes(atlas_path(), options)->fingerprint());
  }
  EXPECT_EQ(prints.size(), 8U);
}

TEST(World, SaysWhatIsWrongWithOptions) {
  const auto wrong = [](const std::string& part, const SceneOptions& options) {
    test::expect_error(ErrorCode::kInvalidArgument, part, [&] { options.validate(); });
  };
  wrong("64 or 128, got 96", {.resolution = 96});
  wrong("\"doge\"", {.nouns = {"dog", "doge"}});
  wrong("\"dog\" twice", {.nouns = {"dog", "cat", "dog"}});
  wrong("\"colors\"; known: single, colour", {.kinds = {"colors"}});
  wrong("\"size\" twice", {.kinds = {"size", "size"}});
  wrong("2 numbers for 1 kinds", {.kinds = {"size"}, .kind_weights = {1, 2}});
  wrong("numbers from 0 up, got -1", {.kinds = {"size"}, .kind_weights = {-1}});
  wrong("\"coloured-relation\" needs at least 2 nouns, 2 of them recolourable",
        {.nouns = {"dog", "car", "cat"}, .kinds = {"coloured-relation"}});
  wrong("split is \"test\"", {.split = "test"});
  const auto source =
      open_scenes(atlas_path(), {.split = "heldout:colour", .nouns = {"car"}, .kinds = {"colour"}});
  EXPECT_NO_THROW(source->captions({0}));  // car|red is held out
  const auto none =
      open_scenes(atlas_path(), {.split = "heldout:size", .nouns = {"dog"}, .kinds = {"size"}});
  test::expect_error(
      ErrorCode::kInvalidArgument, "no scene of kind \"size\"", [&] { none->captions({0}); });
}

}  // namespace
}  // namespace tessera::data
