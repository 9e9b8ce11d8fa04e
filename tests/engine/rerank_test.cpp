#include "engine/rerank.h"

#include <algorithm>

#include "core/atomic_file.h"
#include "engine/batch_run.h"
#include "engine/image_files.h"
#include "io/json_fields.h"
#include "tests/engine/fake_engine.h"
#include "tests/engine/scene_picture.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {

using io::Json;
using test::FakeEngine;
using test::TemporaryFolder;

const std::filesystem::path kClip = TESSERA_SOURCE_DIR "/models/clip";
const std::filesystem::path kAtlas = TESSERA_SOURCE_DIR "/data/scenes/atlas/emoji.safetensors";

Image flat(std::uint8_t value) {
  return {.width = 2, .height = 2, .pixels = std::vector<std::uint8_t>(12, value)};
}

TEST(Reranker, TheLargestCosineWins) {
  Reranker reranker(kClip, "cpu");
  const std::vector<Image> candidates{test::car(kAtlas, "on a black background"),
                                      test::car(kAtlas, "on a white background"),
                                      test::car(kAtlas, "on a blue background")};
  const Reranker::Choice black = reranker.choose(candidates, "a car on a black background", "");
  const Reranker::Choice white = reranker.choose(candidates, "a car on a white background", "");
  ASSERT_EQ(black.scores.size(), 3u);
  EXPECT_EQ(black.winner, 0u);
  EXPECT_EQ(white.winner, 1u);
  for (const double score : white.scores) EXPECT_LE(std::abs(score), 1.0 + 1e-9);
  // The model's caption is asked for, where there is one.
  EXPECT_EQ(reranker.choose(candidates, "something dark", "a car on a white background").scores,
            white.scores);
  // Order and company change no score.
  const Reranker::Choice turned =
      reranker.choose({candidates[2], candidates[1]}, "a car on a white background", "");
  EXPECT_NEAR(turned.scores[1], white.scores[1], 1e-6);
  EXPECT_EQ(Json::parse(reranker.describe())["sha256"].get<std::string>().size(), 64u);
}

TEST(Reranker, ARunKeepsTheBestOfEachPicturesCandidates) {
  TemporaryFolder folder;
  FakeEngine engine;
  BatchRun run;
  run.items = {{.prompt = "a car on a white background"},
               {.prompt = "a car on a black background"}};
  run.base.seed = 60;
  run.base.count = 2;
  run.rerank = 3;
  run.clip = kClip;
  run.device = "cpu";
  run.naming.out = (folder / "p%d.png").string();
  std::vector<Json> records;
  const BatchSinks sinks{
      .record = [&](const PictureRecord& r) { records.push_back(Json::parse(r.json)); }};
  const BatchSummary summary = run_batch(engine, run, sinks, {});
  EXPECT_EQ(summary.written, 4);
  ASSERT_EQ(engine.drawn.size(), 2u);
  EXPECT_EQ(engine.drawn[0].count, 6);
  Reranker reranker(kClip, "cpu");
  for (std::int64_t k = 0; k < 4; ++k) {
    const std::int64_t first = 60 + 3 * (k % 2);
    const auto& prompt = run.items[static_cast<std::size_t>(k / 2)].prompt;
    std::vector<Image> candidates;
    for (std::int64_t j = 0; j < 3; ++j) {
      candidates.push_back(flat(static_cast<std::uint8_t>(first + j)));
    }
    const Reranker::Choice choice = reranker.choose(candidates, prompt, "");
    const auto seed = first + static_cast<std::int64_t>(choice.winner);
    const std::filesystem::path file = folder / concat("p", k, ".png");
    EXPECT_EQ(read_image(file).pixels.front(), seed) << "the kept picture is the winner's";
    const Json made = Json::parse(read_texts(file).at("tessera"));
    EXPECT_EQ(made["seed"], seed);
    EXPECT_EQ(made["rerank"]["candidates"], 3);
    EXPECT_EQ(made["rerank"]["first_seed"], first);
    EXPECT_EQ(made["rerank"]["winner"], choice.winner);
    EXPECT_EQ(made["rerank"]["scores"].get<std::vector<double>>(), choice.scores);
    EXPECT_EQ(records[static_cast<std::size_t>(k)]["rerank"], made["rerank"]);
  }
}

TEST(Reranker, AStopKeepsNoHalfChosenPicture) {
  TemporaryFolder folder;
  FakeEngine engine;
  std::stop_source stop;
  engine.before_picture = [&](std::int32_t k) {
    if (k == 5) stop.request_stop();
  };
  BatchRun run;
  run.items = {{.prompt = "a car"}};
  run.base.count = 3;
  run.rerank = 3;
  run.clip = kClip;
  run.naming.out = (folder / "p%d.png").string();
  const BatchSummary summary = run_batch(engine, run, {}, stop.get_token());
  EXPECT_TRUE(summary.cancelled);
  EXPECT_EQ(summary.written, 1);
  run.rerank = -1;
  test::expect_error(ErrorCode::kInvalidArgument, "rerank must be in 0..", [&] {
    run_batch(engine, run, {}, {});
  });
}

}  // namespace
}  // namespace tessera::engine
