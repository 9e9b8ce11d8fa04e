#include "eval/clip/ranking.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "eval/clip/clip_files.h"
#include "tests/eval/clip/tiny_clip.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

constexpr const char* kAtlas = TESSERA_SOURCE_DIR "/data/scenes/atlas/emoji.safetensors";

data::SceneOptions small_world() {
  return {.split = "heldout",
          .nouns = {"car", "bus", "key", "book", "heart"},
          .kinds = {"colour", "position", "relation", "coloured-relation"}};
}

ClipModel speaking_clip() {
  ClipOptions options = test::tiny_options();
  options.vision = {.resolution = 64, .patch = 16, .tower = {16, 1, 2, 24}};
  options.text.vocabulary = test::shipped_tokenizer()->vocabulary_size();
  options.text.length = 24;
  return test::random_clip(options);
}

TEST(Ranking, ARandomModelGuesses) {
  ClipModel model = speaking_clip();
  const auto scenes = data::open_scenes(kAtlas, small_world());
  const auto tokenizer = test::shipped_tokenizer();
  const RankingPlan plan{.count = 90, .batch = 32, .pool = 40};
  const Ranking ranking = rank_clip(*model, *tokenizer, *scenes, plan, {}, {});
  EXPECT_EQ(ranking.pool, 40);
  EXPECT_EQ(ranking.text_of_picture[0].asked, 80);  // whole pools only
  EXPECT_EQ(ranking.all_swaps.asked, 90);
  EXPECT_GT(ranking.swapped.asked, 150);
  EXPECT_NEAR(ranking.swapped.share(), 0.5, 0.15);
  EXPECT_LT(ranking.text_of_picture[0].share(), 0.2);
  EXPECT_LE(ranking.text_of_picture[0].right, ranking.text_of_picture[1].right);
  std::int64_t sum = 0;
  for (const Found& found : ranking.swaps) sum += found.asked;
  EXPECT_EQ(sum, ranking.swapped.asked);
  EXPECT_GT(ranking.swaps[static_cast<std::size_t>(data::Swap::kDirection)].asked, 20);
  EXPECT_EQ(ranking.swaps[static_cast<std::size_t>(data::Swap::kPlace)].asked, 0);

  const Ranking again =
      rank_clip(*model, *tokenizer, *scenes, {.count = 90, .batch = 7, .pool = 40}, {}, {});
  EXPECT_EQ(ranking_json(again).dump(), ranking_json(ranking).dump());
}

TEST(Ranking, WhatDoesNotFitIsRefused) {
  ClipModel small = test::tiny_clip();
  ClipModel model = speaking_clip();
  const auto scenes = data::open_scenes(kAtlas, small_world());
  const auto tokenizer = test::shipped_tokenizer();
  const auto refused = [&](ErrorCode code, const char* part, ClipModel& clip, RankingPlan plan) {
    tessera::test::expect_error(
        code, part, [&] { rank_clip(*clip, *tokenizer, *scenes, plan, {}, {}); });
  };
  refused(ErrorCode::kShapeMismatch, "takes 16", small, {.count = 4});
  refused(ErrorCode::kInvalidArgument, "count must be", model, {.count = 0});
  refused(ErrorCode::kInvalidArgument, "pool must be", model, {.count = 4, .pool = 1});
  std::stop_source stop;
  stop.request_stop();
  tessera::test::expect_error(ErrorCode::kCancelled, "stopped", [&] {
    rank_clip(*model, *tokenizer, *scenes, {.count = 4}, {}, stop.get_token());
  });
}

// The model that is shipped, on scenes it never saw; docs/eval/clip-score.md has the same with more
// of them.
TEST(Ranking, TheShippedModelTellsTrueCaptionsFromSwappedOnes) {
  const LoadedClip clip = load_clip(TESSERA_SOURCE_DIR "/models/clip", at::kCPU);
  ASSERT_TRUE(clip.world.has_value());
  data::SceneOptions world = *clip.world;
  world.split = "heldout";
  world.seed = 77;
  const auto scenes = data::open_scenes(kAtlas, world);
  ClipModel model = clip.model;
  const auto tokenizer = text::load_table_tokenizer(clip.tokens);
  const Ranking ranking = rank_clip(*model, *tokenizer, *scenes, {.count = 200}, {}, {});
  const auto share = [&](data::Swap swap) {
    return ranking.swaps[static_cast<std::size_t>(swap)].share();
  };
  EXPECT_GE(ranking.swapped.share(), 0.97);
  for (const data::Swap swap : {data::Swap::kColour,
                                data::Swap::kNoun,
                                data::Swap::kPosition,
                                data::Swap::kDirection,
                                data::Swap::kBinding}) {
    EXPECT_GE(share(swap), 0.95) << static_cast<int>(swap);
  }
  EXPECT_GE(ranking.text_of_picture[0].share(), 0.95);
}

}  // namespace
}  // namespace tessera::eval
