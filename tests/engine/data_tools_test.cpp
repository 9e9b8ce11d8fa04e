#include "engine/data_tools.h"

#include "core/atomic_file.h"
#include "data/packed.h"
#include "engine/image_files.h"
#include "engine/tokenizer_training.h"
#include "io/json_fields.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"
#include "text/tokenizers/sentencepiece.h"

namespace tessera::engine {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string caption(const fs::path& file) {
  return read_file(file);
}

TEST(DataTools, ScenesAreShownWithTheirCaptions) {
  const Image sheet = preview_data(
      {.split = "heldout", .nouns = {"apple", "car"}, .kinds = {"colour"}, .count = 6}, 3);
  EXPECT_GT(sheet.width, 3 * 64);
  EXPECT_GT(sheet.height, 2 * 64);
  expect_error(
      ErrorCode::kInvalidArgument, "count must be in", [] { preview_data({.count = 0}, 0); });
  expect_error(
      ErrorCode::kInvalidArgument, "sideways", [] { preview_data({.split = "sideways"}, 0); });
}

TEST(DataTools, ExportedScenesReadAsPicturesOfOnesOwn) {
  const TemporaryFolder folder;
  EXPECT_EQ(export_data({.nouns = {"apple"}, .kinds = {"single"}, .first = 3, .count = 5},
                        folder / "out",
                        {},
                        {}),
            5);
  EXPECT_EQ(read_image(folder / "out/000003.png").width, 64);
  EXPECT_THAT(caption(folder / "out/000007.txt"), HasSubstr("apple"));
  const std::string list = read_file(folder / "out/metadata.jsonl");
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 5);
  expect_error(ErrorCode::kInvalidArgument, "is not empty", [&] {
    export_data({}, folder / "out", {}, {});
  });

  const PackSummary packed = pack_data(folder / "out", {.resolution = 32}, folder / "pack", {}, {});
  EXPECT_EQ(packed.images, 5);
  EXPECT_EQ(packed.skipped, 0);
  EXPECT_TRUE(data::is_packed(folder / "pack"));
  const Image sheet = preview_data({.path = folder / "pack", .count = 2}, 2);
  EXPECT_GT(sheet.width, 0);
  EXPECT_EQ(preview_data({.path = folder / "out", .count = 5}, 0).width > 0, true);
}

TEST(DataTools, ACacheOfPacksKnowsWhatItHolds) {
  const TemporaryFolder folder;
  ::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1);
  export_data({.count = 3}, folder / "out", {}, {});
  const fs::path first = pack_into_cache(folder / "out", 32, {}, {});
  const auto made = fs::last_write_time(first);
  EXPECT_EQ(pack_into_cache(folder / "out", 32, {}, {}), first);
  EXPECT_EQ(fs::last_write_time(first), made) << "not packed twice";
  EXPECT_NE(pack_into_cache(folder / "out", 64, {}, {}), first);
  fs::resize_file(folder / "out/000000.txt", 4);
  fs::remove(folder / "out/metadata.jsonl");
  EXPECT_NE(pack_into_cache(folder / "out", 32, {}, {}), first) << "other captions";
  ::unsetenv("XDG_CACHE_HOME");
}

TEST(TokenizerTraining, LearnsTheWordsOfAWorldOrAText) {
  const TemporaryFolder folder;
  folder.write(
      "c.json",
      R"({"stage": "tokenizer", "data": {"nouns": ["apple", "car"], "kinds": ["colour"]}, "model": {"vocabulary": 500}, "train": {"captions": 2000}})");
  const TrainingSummary done = run_training(
      {.stage = "tokenizer", .config = folder / "c.json", .out = folder / "tok"}, {}, {});
  EXPECT_EQ(done.steps, 2000);
  const auto tokenizer = text::load_sentencepiece(folder / "tok/tokenizer.model");
  const std::string prompt = "a red apple";
  EXPECT_TRUE(tokenizer->encode({&prompt, 1}, 16).unknown.at(0).empty());
  EXPECT_TRUE(fs::exists(folder / "tok/tokens.tsv"));

  folder.write("corpus.txt", "ein roter Apfel\nein blaues Auto\nein roter Fisch\n");
  run_training({.stage = "tokenizer",
                .out = folder / "de",
                .data = folder / "corpus.txt",
                .overrides = {{"model.vocabulary", "400"}}},
               {},
               {});
  EXPECT_TRUE(fs::exists(folder / "de/tokenizer.model"));
}

TEST(TokenizerTraining, NamesWhatIsWrong) {
  const TemporaryFolder folder;
  const auto refuses = [&](const std::string& json, const std::string& message) {
    folder.write("c.json", json);
    expect_error(ErrorCode::kInvalidArgument, message, [&] {
      run_training(
          {.stage = "tokenizer", .config = folder / "c.json", .out = folder / "tok"}, {}, {});
    });
  };
  refuses(R"({"modle": {}})", "modle is not a known key");
  refuses(R"({"stage": "vqvae"})", "is for stage \"vqvae\"");
  refuses(R"({"model": {"vocabulary": "big"}})", "model.vocabulary must be a whole number");
  refuses(R"({"train": {"captions": 0}})", "train.captions");
  refuses(R"({"data": {"split": "sideways"}})", "sideways");
  expect_error(ErrorCode::kInvalidArgument, "needs a configuration", [&] {
    run_training({.stage = "tokenizer", .out = folder / "t"}, {}, {});
  });
}

}  // namespace
}  // namespace tessera::engine
