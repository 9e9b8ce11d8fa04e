#include "engine/export_folder.h"

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "data/files/files.h"
#include "data/scenes/scenes.h"
#include "engine/data_tools.h"
#include "engine/image_convert.h"
#include "io/json_fields.h"
#include "jobs/shipped_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {

using test::expect_error;
namespace fs = std::filesystem;

std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    files[entry.path().filename().string()] = read_file(entry.path());
  }
  return files;
}

const DataChoice kChoice = {.seed = 7, .split = "heldout", .first = 2, .count = 70};

// Every sample of the folder is the scene of that index: the same caption, the same pixels.
TEST(Export, ReadsBackAsTheScenesThemselves) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(export_data(kChoice, folder / "out", {}, {}), 70);
  const auto scenes = data::open_scenes(jobs::atlas_file({}), {.seed = 7, .split = "heldout"});
  for (const bool with_list : {true, false}) {
    if (!with_list) fs::remove(folder / "out/metadata.jsonl");
    const data::FileSet files = data::open_files(folder / "out", {.resolution = 64});
    EXPECT_EQ(files.problems.count(), 0);
    ASSERT_EQ(files.samples.size(), 70U);
    for (const std::size_t k : {0U, 33U, 69U}) {
      const data::Batch truth = scenes->get({static_cast<std::int64_t>(k) + 2}, at::kCPU);
      EXPECT_EQ(files.samples[k].captions, truth.captions);
      EXPECT_EQ(files.load(k).pixels, to_engine_images(truth.images)[0].pixels);
    }
  }
}

TEST(Export, GoesOnAfterAnInterrupt) {
  const test::TemporaryFolder folder;
  export_data(kChoice, folder / "whole", {}, {});
  std::stop_source stop;
  expect_error(ErrorCode::kCancelled, "after 64 pictures", [&] {
    export_data(
        kChoice, folder / "cut", [&](const Progress&) { stop.request_stop(); }, stop.get_token());
  });
  EXPECT_TRUE(fs::exists(folder / "cut/export.unfinished"));
  EXPECT_FALSE(fs::exists(folder / "cut/metadata.jsonl"));
  const auto before = fs::last_write_time(folder / "cut/000002.png");
  DataChoice other = kChoice;
  other.seed = 8;
  expect_error(ErrorCode::kInvalidArgument, "of other samples", [&] {
    export_data(other, folder / "cut", {}, {});
  });
  EXPECT_EQ(export_data(kChoice, folder / "cut", {}, {}), 70);
  EXPECT_EQ(fs::last_write_time(folder / "cut/000002.png"), before) << "written once";
  EXPECT_EQ(files_of(folder / "cut"), files_of(folder / "whole"));
}

TEST(Export, WritesNoFileOver) {
  const test::TemporaryFolder folder;
  fs::create_directory(folder / "full");
  folder.write("full/mine.txt", "mine");
  expect_error(ErrorCode::kInvalidArgument, "is not empty", [&] {
    export_data(kChoice, folder / "full", {}, {});
  });
  EXPECT_EQ(files_of(folder / "full").size(), 1U);

  ExportFolder out(folder / "out", "settings\n");
  out.put("a.txt", "a");
  out.put("a.txt", "a");
  expect_error(ErrorCode::kInvalidArgument, "a.txt: is there", [&] { out.put("a.txt", "b"); });
  EXPECT_EQ(read_file(folder / "out/a.txt"), "a");
  fs::create_symlink(folder / "nowhere", folder / "out/b.txt");
  expect_error(ErrorCode::kInvalidArgument, "b.txt: is there", [&] { out.put("b.txt", "b"); });
  EXPECT_FALSE(fs::exists(folder / "nowhere"));
  out.finish();
  EXPECT_FALSE(fs::exists(folder / "out/export.unfinished"));
  expect_error(ErrorCode::kInvalidArgument, "is not empty", [&] {
    ExportFolder(folder / "out", "settings\n");
  });
}

}  // namespace
}  // namespace tessera::engine
