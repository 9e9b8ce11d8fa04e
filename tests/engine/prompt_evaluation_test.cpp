#include "engine/prompt_evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "data/scenes/grammar.h"
#include "data/scenes/prompts/prompt_examples.h"
#include "io/json_fields.h"
#include "pipeline/model_card.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny_model.h"

namespace tessera::engine {
namespace {

using data::parse_prompt_examples;
using test::expect_error;

TEST(PromptExamples, AreReadIntoScenes) {
  const auto rows = parse_prompt_examples(
      "# comment\n"
      "x\ta cat\tcat:red\ttop left\tblue\n"
      "\r\n"
      "two\ttwo\t2 cat + dog\tabove\t-\n"
      "y\ty\tcar + bus:red\tbelow\t-\n"
      "z\tz\tcar + bus\t-\t-\n"
      "n\tn\t4 hot dog\t-\tnight\n",
      "t");
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0].prompt, "x");
  EXPECT_EQ(rows[0].scene.kind, data::Kind::kPosition);
  EXPECT_EQ(rows[0].scene.variant, 0);
  EXPECT_EQ(rows[0].scene.background, 4);
  EXPECT_TRUE(data::names_background(rows[0].scene));
  EXPECT_EQ(rows[0].scene.objects[0].colour, 0);
  EXPECT_EQ(rows[1].scene.kind, data::Kind::kTwoCounts);
  EXPECT_EQ(rows[1].scene.count, 3);
  EXPECT_EQ(rows[2].scene.kind, data::Kind::kRelation);
  EXPECT_EQ(rows[2].scene.variant, 3);
  EXPECT_FALSE(data::names_background(rows[2].scene));
  EXPECT_EQ(rows[3].scene.kind, data::Kind::kThree) << "how they stand was not asked";
  EXPECT_EQ(rows[4].scene.kind, data::Kind::kPlace);
  EXPECT_EQ(rows[4].scene.count, 4);
}

TEST(PromptExamples, FaultsNameTheLine) {
  const auto refuses = [](const char* text, const char* message) {
    expect_error(ErrorCode::kCorruptFile, message, [&] { parse_prompt_examples(text, "t.tsv"); });
  };
  refuses("a\tb\n", "t.tsv: line 1: five fields");
  refuses("#\n\na\tb\tzorgle\t-\t-\n", "t.tsv: line 3: \"zorgle\" is no noun");
  refuses("a\tb\tcat:beige\t-\t-\n", "no colour of things");
  refuses("a\tb\tcat\tmiddle\t-\n", "\"middle\" is no position");
  refuses("a\tb\tcat\t-\tbeige\n", "\"beige\" is no background");
  refuses("a\tb\t7 cat\t-\t-\n", "1 to 6 things");
  refuses("a\tb\t4 cat + dog\tabove\t-\n", "three of each");
}

TEST(PromptEvaluation, JudgesBothWaysAndLeavesOutOtherWorlds) {
  const test::TemporaryFolder folder;
  test::write_tiny_model(folder.path() / "model", {.resolution = 64, .codes = 16});
  pipeline::ModelCard card = pipeline::read_model_card(folder.path() / "model");
  card.has_world = true;
  card.world = {.nouns = {"apple", "car"}, .kinds = {"single", "colour"}};
  pipeline::write_model_card(folder.path() / "model", card);
  write_file_atomically(folder.path() / "p.tsv",
                        "Apple\tan apple\tapple\t-\t-\n"
                        "car, red\ta red car\tcar:red\t-\t-\n"
                        "a car\tnot this\tcar\t-\t-\n"
                        "dog\ta dog\tdog\t-\t-\n");
  const PromptEvaluation request{
      .model = {.model = folder.path() / "model", .device = "cpu", .threads = 1},
      .file = folder.path() / "p.tsv",
      .count = 2,
      .sampling = {.steps = 2}};
  const io::Json report = io::parse_json(evaluate_prompts(request, {}, {}).json, "report");
  EXPECT_EQ(report.at("prompts"), 3);
  EXPECT_EQ(report.at("outside_world"), 1);
  EXPECT_EQ(report.at("captions_as_expected"), 2);
  EXPECT_EQ(report.at("rows")[1].at("caption"), "a red car");
  for (const char* way : {"literal", "read"}) {
    EXPECT_TRUE(report.at(way).at("whole_scene").is_number()) << way;
    EXPECT_TRUE(report.at(way).at("background").is_null()) << "no prompt names one";
  }
  EXPECT_EQ(report.at("rows")[2].at("literal_right"), report.at("rows")[2].at("read_right"))
      << "a caption is drawn the same either way";

  write_file_atomically(folder.path() / "p.tsv", "dog\ta dog\tdog\t-\t-\n");
  expect_error(ErrorCode::kInvalidArgument, "none of its 1 prompts", [&] {
    evaluate_prompts(request, {}, {});
  });
}

}  // namespace
}  // namespace tessera::engine
