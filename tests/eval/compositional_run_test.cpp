#include "jobs/compositional_run.h"

#include <set>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "eval/records.h"
#include "eval/report.h"
#include "pipeline/model_card.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

namespace fs = std::filesystem;

/// A world whose true scenes are judged: everything of the job but a model.
class CompositionalRunTest : public ::testing::Test {
 protected:
  CompositionalRunTest() {
    fs::create_directory(folder_ / "vqvae");
    pipeline::write_model_card(folder_.path(),
                               {.name = "nothing",
                                .world = {.split = "all",
                                          .nouns = {"car", "balloon", "key", "star"},
                                          .kinds = {"single", "colour", "count"}},
                                .has_world = true,
                                .parts = {"vqvae"}});
  }
  jobs::CompositionalRun run(const std::string& records) const {
    return {.request = {.model = folder_.path(),
                        .atlas = TESSERA_SOURCE_DIR "/data/scenes/atlas/emoji.safetensors",
                        .count = 21,
                        .seed = 4,
                        .batch = 5,
                        .source = "truth"},
            .records = records.empty() ? fs::path() : folder_ / records};
  }
  static jobs::CompositionalAnswer answer(const jobs::CompositionalRun& run) {
    return jobs::run_compositional(run, {}, {});
  }
  static io::Json without_time(const std::string& report) {
    io::Json json = io::parse_json(report, "report");
    json.erase("seconds");
    return json;
  }
  test::TemporaryFolder folder_{};
};

TEST_F(CompositionalRunTest, RecordsSayWhatTheReportCounts) {
  const jobs::CompositionalAnswer done = answer(run("a.jsonl"));
  ASSERT_TRUE(done.complete);
  EXPECT_EQ(done.judged, 21);
  EXPECT_EQ(read_file(folder_ / "a.jsonl"), done.records);
  const Records records = read_records(folder_ / "a.jsonl");
  EXPECT_EQ(records.header["kind"], "compositional");
  ASSERT_EQ(records.rows.size(), 21U);
  const io::Json report = without_time(done.json);
  // Counted here once more, from the lines alone.
  for (const char* part : {"object", "colour", "count", "position", "whole_scene"}) {
    std::int64_t right = 0;
    std::int64_t asked = 0;
    for (const auto& [index, row] : records.rows) {
      EXPECT_EQ(row["index"], index);
      EXPECT_EQ(row["seed"], 4);
      if (row[part].is_null()) continue;
      ++asked;
      right += row[part].get<bool>() ? 1 : 0;
    }
    if (asked == 0) {
      EXPECT_TRUE(report[part].is_null()) << part;
      EXPECT_TRUE(report["intervals"][part].is_null()) << part;
      continue;
    }
    EXPECT_EQ(report["intervals"][part]["right"], right) << part;
    EXPECT_EQ(report["intervals"][part]["asked"], asked) << part;
    EXPECT_DOUBLE_EQ(report[part].get<double>(),
                     static_cast<double>(right) / static_cast<double>(asked));
    EXPECT_LE(report["intervals"][part]["low"].get<double>(), report[part].get<double>());
    EXPECT_GE(report["intervals"][part]["high"].get<double>(), report[part].get<double>());
  }
  EXPECT_EQ(report["confidence"], 0.95);
  EXPECT_NE(done.table.find("whole scene"), std::string::npos);
  EXPECT_NE(done.table.find("95 % interval"), std::string::npos);
}

TEST_F(CompositionalRunTest, DividedAmongProcessesIsTheSame) {
  const jobs::CompositionalAnswer alone = answer(run("alone.jsonl"));
  std::set<std::int64_t> seen;
  std::int64_t judged = 0;
  for (std::int64_t rank = 0; rank < 3; ++rank) {
    jobs::CompositionalRun part = run("parts.jsonl");
    part.rank = rank;
    part.processes = 3;
    part.request.on_picture = [&](const jobs::ScoredPicture& picture) {
      seen.insert(picture.index);
    };
    const jobs::CompositionalAnswer done = answer(part);
    judged += done.judged;
    EXPECT_EQ(done.complete, rank == 2);
    if (!done.complete) continue;
    EXPECT_EQ(without_time(done.json), without_time(alone.json));
  }
  EXPECT_EQ(judged, 21);
  EXPECT_EQ(seen.size(), 21U);
  EXPECT_EQ(read_file(folder_ / "parts.jsonl"), read_file(folder_ / "alone.jsonl"));
}

TEST_F(CompositionalRunTest, GoesOnAfterAnInterrupt) {
  const jobs::CompositionalAnswer whole = answer(run("whole.jsonl"));
  std::stop_source stop;
  jobs::CompositionalRun cut = run("cut.jsonl");
  std::int64_t drawn = 0;
  cut.request.on_picture = [&](const jobs::ScoredPicture&) {
    if (++drawn == 7) stop.request_stop();
  };
  test::expect_error(ErrorCode::kCancelled, "stopped after 10", [&] {
    jobs::run_compositional(cut, {}, stop.get_token());
  });
  EXPECT_FALSE(fs::exists(folder_ / "cut.jsonl"));
  test::expect_error(ErrorCode::kInvalidArgument, "--resume", [&] { answer(run("cut.jsonl")); });
  jobs::CompositionalRun rest = run("cut.jsonl");
  rest.resume = true;
  jobs::CompositionalRun other = rest;
  other.request.seed = 5;
  test::expect_error(
      ErrorCode::kInvalidArgument, "seed was 4, now it is 5", [&] { answer(other); });
  const jobs::CompositionalAnswer done = answer(rest);
  EXPECT_EQ(done.judged, 11);
  EXPECT_EQ(without_time(done.json), without_time(whole.json));
  EXPECT_EQ(read_file(folder_ / "cut.jsonl"), read_file(folder_ / "whole.jsonl"));
}

TEST_F(CompositionalRunTest, PicturesAreWrittenBeforeTheirRecords) {
  jobs::CompositionalRun keep = run("a.jsonl");
  test::expect_error(ErrorCode::kInvalidArgument, "writer", [&] {
    jobs::CompositionalRun wrong = keep;
    wrong.pictures = folder_ / "p";
    answer(wrong);
  });
  keep.pictures = folder_ / "p";
  std::vector<fs::path> written;
  keep.write_picture = [&](const fs::path& file, auto width, auto height, auto rgb) {
    EXPECT_EQ(width, 64);
    EXPECT_EQ(height, 64);
    EXPECT_EQ(rgb.size(), 3U * 64 * 64);
    written.push_back(file);
  };
  answer(keep);
  ASSERT_EQ(written.size(), 21U);
  EXPECT_EQ(written[20], folder_ / "p" / "000020.png");
  EXPECT_EQ(read_records(folder_ / "a.jsonl").rows.at(20)["picture"], "p/000020.png");
}

TEST_F(CompositionalRunTest, DamagedRecordsAreNamed) {
  answer(run("a.jsonl"));
  std::string text = read_file(folder_ / "a.jsonl");
  const auto at = text.find("\"object\":");
  folder_.write("a.jsonl", text.replace(at, 9, "\"thing\": "));
  jobs::CompositionalRun again = run("a.jsonl");
  again.resume = true;
  test::expect_error(
      ErrorCode::kCorruptFile, "index 0: has no verdict \"object\"", [&] { answer(again); });
}

}  // namespace
}  // namespace tessera::eval
