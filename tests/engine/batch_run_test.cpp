#include "engine/batch_run.h"

#include "engine/image_files.h"
#include "io/json_fields.h"
#include "tests/engine/fake_engine.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {

using io::Json;
using test::expect_error;
using test::FakeEngine;
using test::TemporaryFolder;
namespace fs = std::filesystem;

struct Bench {
  TemporaryFolder folder{};
  FakeEngine engine{};
  BatchRun run{};
  std::vector<PictureRecord> records{};
  std::vector<std::string> warnings{};
  std::stop_source stop{};

  explicit Bench(std::vector<std::string> prompts) {
    for (std::string& prompt : prompts) {
      run.items.push_back(
          {.prompt = prompt, .line = static_cast<std::int64_t>(run.items.size()) + 1});
    }
    run.naming.out = (folder / "p%d.png").string();
    run.base.seed = 10;
  }
  BatchSummary operator()() {
    const BatchSinks sinks{
        .record = [&](const PictureRecord& record) { records.push_back(record); },
        .warning = [&](const std::string& text) { warnings.push_back(text); }};
    return run_batch(engine, run, sinks, stop.get_token());
  }
};

TEST(BatchRun, WritesEveryPictureWithItsSettings) {
  Bench bench({"a cat", "a dog"});
  bench.run.base.count = 2;
  const BatchSummary summary = bench();
  EXPECT_EQ(summary.written, 4);
  EXPECT_EQ(summary.failed, 0);
  EXPECT_FALSE(summary.cancelled);
  ASSERT_EQ(bench.records.size(), 4u);
  for (int k = 0; k < 4; ++k) {
    const fs::path file = bench.folder / ("p" + std::to_string(k) + ".png");
    EXPECT_EQ(bench.records[static_cast<std::size_t>(k)].path, file);
    const Image image = read_image(file);
    EXPECT_EQ(image.pixels.front(), 10 + k % 2) << "picture k has seed + k";
    const auto texts = read_texts(file);
    EXPECT_EQ(Json::parse(texts.at("tessera"))["seed"], 10 + k % 2);
    EXPECT_THAT(texts.at("parameters"), ::testing::StartsWith(k < 2 ? "a cat\n" : "a dog\n"));
  }
  const Json record = Json::parse(bench.records[3].json);
  EXPECT_EQ(record["index"], 3);
  EXPECT_EQ(record["prompt"], "a dog");
  EXPECT_EQ(record["seed"], 11);
  EXPECT_EQ(record["steps"], 4);
  EXPECT_EQ(record["line"], 2);
  EXPECT_EQ(record["status"], "completed");
  EXPECT_EQ(record["path"], bench.records[3].path.string());
}

TEST(BatchRun, MetadataCanBeLeftOut) {
  Bench bench({"a secret"});
  bench.run.metadata = false;
  bench();
  EXPECT_TRUE(read_texts(bench.folder / "p0.png").empty());
}

TEST(BatchRun, AFailingPromptDoesNotStopTheOthers) {
  Bench bench({"a cat", "refuse", "break", "a dog"});
  const BatchSummary summary = bench();
  EXPECT_EQ(summary.written, 2);
  EXPECT_EQ(summary.failed, 2);
  EXPECT_EQ(summary.first_error, ErrorCode::kInvalidArgument);
  const Json refused = Json::parse(bench.records[1].json);
  EXPECT_EQ(refused["status"], "failed");
  EXPECT_EQ(refused["error"]["code"], "invalid argument");
  EXPECT_EQ(refused["error"]["message"], "this prompt is refused");
  EXPECT_EQ(bench.engine.drawn.back().prompt, "a dog");
}

TEST(BatchRun, TheOnlyPromptsErrorIsTheRuns) {
  Bench refuse({"refuse"});
  expect_error(ErrorCode::kInvalidArgument, "refused", [&] { refuse(); });
  Bench broken({"break"});
  expect_error(ErrorCode::kInternal, "broke", [&] { broken(); });
  Bench none({});
  expect_error(ErrorCode::kInvalidArgument, "no prompt", [&] { none(); });
}

TEST(BatchRun, NothingIsDrawnWhereNothingCanBeWritten) {
  Bench exists({"a cat"});
  exists.folder.write("p0.png", "");
  expect_error(ErrorCode::kInvalidArgument, "exists", [&] { exists(); });
  EXPECT_TRUE(exists.engine.drawn.empty());
  Bench blocked({"a cat"});
  blocked.run.naming.out = (blocked.folder.write("file", "") / "x.png").string();
  expect_error(ErrorCode::kIo, "cannot make this folder", [&] { blocked(); });
  EXPECT_TRUE(blocked.engine.drawn.empty());
  Bench grid({"a cat"});
  grid.run.grid = grid.folder.write("grid.png", "");
  expect_error(ErrorCode::kInvalidArgument, "grid.png exists", [&] { grid(); });
}

TEST(BatchRun, AFullDiskEndsTheRun) {
  ASSERT_TRUE(fs::exists("/dev/full"));
  Bench bench({"a cat", "a dog"});
  bench.run.items.resize(1);
  bench.run.naming.out = "/dev/full";
  expect_error(ErrorCode::kIo, "No space left on device", [&] { bench(); });
}

TEST(BatchRun, AStopKeepsWhatIsFinished) {
  Bench bench({"a cat", "a dog"});
  bench.run.base.count = 3;
  bench.engine.before_picture = [&](std::int32_t k) {
    if (k == 2) bench.stop.request_stop();
  };
  const BatchSummary summary = bench();
  EXPECT_TRUE(summary.cancelled);
  EXPECT_EQ(summary.written, 2);
  EXPECT_TRUE(fs::exists(bench.folder / "p1.png"));
  EXPECT_FALSE(fs::exists(bench.folder / "p2.png"));
  EXPECT_EQ(bench.engine.drawn.size(), 1u) << "the second prompt is not begun";
}

TEST(BatchRun, WarningsNameTheLineAndBytesAreRepaired) {
  Bench bench({"a cat", "odd"});
  bench();
  EXPECT_THAT(bench.warnings, ::testing::ElementsAre("line 2: an odd prompt"));
}

TEST(BatchRun, OneSheetOfAllPictures) {
  Bench bench({"a cat", "a dog", "a cow"});
  bench.run.grid = bench.folder / "sheets/grid.png";
  bench();
  const Image sheet = read_image(bench.run.grid);
  EXPECT_GT(sheet.width, 2 * 2);
  EXPECT_THAT(sheet.pixels, ::testing::Contains(10)) << "the pictures are on it";
}

TEST(BatchRun, UnknownKeysOfALineAreInItsRecord) {
  Bench bench({"a cat"});
  bench.run.items[0].extra = R"({"tag": "single"})";
  bench();
  EXPECT_EQ(Json::parse(bench.records[0].json)["tag"], "single");
}

}  // namespace
}  // namespace tessera::engine
