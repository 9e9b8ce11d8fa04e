#include "engine/clip_score.h"

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "engine/clip_pairs.h"
#include "engine/image_files.h"
#include "io/json_fields.h"
#include "tests/engine/scene_picture.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {

using io::Json;
using test::expect_error;
namespace fs = std::filesystem;

const fs::path kAtlas = TESSERA_SOURCE_DIR "/data/scenes/atlas/emoji.safetensors";

class ClipScoreRun : public ::testing::Test {
 protected:
  ClipScoreRun() {
    run_.clip = TESSERA_SOURCE_DIR "/models/clip";
    run_.model.device = "cpu";
    run_.model.threads = 1;
    for (const char* name : {"pictures", "texts"}) fs::create_directories(folder_ / name);
  }
  void picture(const std::string& name, std::uint8_t value) {
    write_png(folder_ / ("pictures/" + name),
              {.width = 70, .height = 64, .pixels = std::vector<std::uint8_t>(3 * 70 * 64, value)});
  }
  void text(const std::string& name, const std::string& words) {
    write_file_atomically(folder_ / name, words);
  }

  test::TemporaryFolder folder_{};
  ClipEvaluation run_{};
};

TEST_F(ClipScoreRun, PairsByStemListWhatIsLeft) {
  picture("a.png", 255);
  picture("b.png", 0);
  picture("alone.png", 9);
  text("texts/b.txt", "a car on a black background\n\na dark picture\n");
  text("texts/a.txt", "a car on a white background");
  text("texts/c.txt", "nothing");
  const ClipPairs pairs = clip_pairs(folder_ / "pictures", folder_ / "texts");
  ASSERT_EQ(pairs.pairs.size(), 2u);
  EXPECT_EQ(pairs.pairs[1].picture.filename(), "b.png");
  EXPECT_EQ(pairs.pairs[1].text.text, "a car on a black background");
  EXPECT_EQ(pairs.pairs[1].text.references, std::vector<std::string>({"a dark picture"}));
  EXPECT_THAT(pairs.problems,
              ::testing::UnorderedElementsAre(::testing::HasSubstr("alone.png: no alone.txt"),
                                              ::testing::HasSubstr("c.txt: no picture")));
  picture("a.jpg", 3);
  expect_error(ErrorCode::kInvalidArgument, "two files have the stem a", [&] {
    clip_pairs(folder_ / "pictures", folder_ / "texts");
  });
}

TEST_F(ClipScoreRun, ScoresByBatchAndByOneAreTheSame) {
  write_png(folder_ / "pictures/a.png", test::car(kAtlas, "on a white background"));
  write_png(folder_ / "pictures/b.png", test::car(kAtlas, "on a black background"));
  picture("c.png", 100);
  text("pictures/a.txt", "a car on a white background");
  text("pictures/b.txt", "a car on a white background\na car on a black background");
  text("pictures/c.txt", "a gray key");
  text("pictures/broken.png", "no picture");
  text("pictures/broken.txt", "a key");
  run_.pictures = folder_ / "pictures";
  run_.pairs = folder_ / "pairs.jsonl";
  const ClipEvaluationReport report = evaluate_clip_score(run_, {}, {});
  EXPECT_EQ(report.pairs, 3);
  ASSERT_EQ(report.unreadable.size(), 1u);
  EXPECT_THAT(report.unreadable[0], ::testing::HasSubstr("broken.png"));
  const Json json = Json::parse(report.json);
  EXPECT_EQ(json["scores"]["torchmetrics"]["pairs"], 3);
  EXPECT_EQ(json["scores"]["refclipscore-2021"]["pairs"], 1);
  EXPECT_EQ(json["unreadable"].size(), 1u);
  EXPECT_THAT(report.table, ::testing::HasSubstr("clipscore-2021"));

  std::istringstream lines(read_file(run_.pairs));
  std::vector<Json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0]["kind"], "clip-score");
  // A white picture goes better with the text that says so than a black one.
  EXPECT_GT(rows[1]["cosine"].get<double>(), rows[2]["cosine"].get<double>());
  double sum = 0;
  for (std::size_t k = 1; k < 4; ++k) sum += rows[k]["cosine"].get<double>();
  EXPECT_NEAR(
      json["scores"]["torchmetrics"]["mean"].get<double>(), std::max(100 * sum / 3, 0.0), 1e-9);

  run_.batch = 1;
  run_.pairs = folder_ / "pairs.csv";
  const Json again = Json::parse(evaluate_clip_score(run_, {}, {}).json);
  EXPECT_NEAR(again["scores"]["clip-score"]["mean"].get<double>(),
              json["scores"]["clip-score"]["mean"].get<double>(),
              1e-4);
  const std::string csv = read_file(run_.pairs);
  EXPECT_THAT(csv,
              ::testing::StartsWith("index,picture,text,cosine,prefixed_cosine,clipscore-2021"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);
}

TEST_F(ClipScoreRun, LongTextsAreCutAndCounted) {
  picture("a.png", 255);
  std::string words;
  for (int k = 0; k < 80; ++k) words += "a red car ";
  text("pictures/a.txt", words);
  run_.pictures = folder_ / "pictures";
  const ClipEvaluationReport report = evaluate_clip_score(run_, {}, {});
  EXPECT_EQ(report.cut.size(), 1u);
  EXPECT_EQ(Json::parse(report.json)["cut_texts"], 1);
}

TEST_F(ClipScoreRun, WhatMakesNoSenseIsRefused) {
  expect_error(ErrorCode::kInvalidArgument, "name pictures or a prompt file", [&] {
    evaluate_clip_score(run_, {}, {});
  });
  run_.pictures = folder_ / "pictures";
  run_.pairs = folder_ / "pairs.txt";
  expect_error(
      ErrorCode::kInvalidArgument, ".jsonl or .csv", [&] { evaluate_clip_score(run_, {}, {}); });
  run_.pairs.clear();
  text("pictures/a.png", "no picture");
  text("pictures/a.txt", "words");
  expect_error(ErrorCode::kCorruptFile, "a.png", [&] { evaluate_clip_score(run_, {}, {}); });
  picture("a.png", 1);
  std::stop_source stop;
  stop.request_stop();
  expect_error(
      ErrorCode::kCancelled, "stopped", [&] { evaluate_clip_score(run_, {}, stop.get_token()); });
}

}  // namespace
}  // namespace tessera::engine
