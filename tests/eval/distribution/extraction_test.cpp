#include "eval/features/extraction.h"

#include <fstream>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/eval/distribution/fake_pictures.h"
#include "tests/eval/distribution/recorded.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

using test::largest_difference;
using test::LevelFeatures;
using test::NumberedPictures;

ExtractionOptions everything() {
  return {.wanted = {.points = true, .spatial = true, .logits = true},
          .batch = 4,
          .shard = 10,
          .threads = 3};
}

TEST(Extraction, KeepsTheOrderAndLeavesUnreadablePicturesOut) {
  const NumberedPictures pictures(37, {0, 9, 36});
  const ExtractedSet set = extract_features(pictures, LevelFeatures(), everything(), {}, {});
  ASSERT_EQ(set.unreadable.size(), 3u);
  EXPECT_EQ(set.unreadable[1].name, "9.png");
  EXPECT_EQ(set.unreadable[1].reason, "9.png: cut short");
  EXPECT_EQ(set.pooled.count(), 34);
  std::vector<double> levels;
  for (int k = 1; k < 36; ++k) {
    if (k != 9) levels.push_back(k);
  }
  const at::Tensor v = at::tensor(levels, at::kDouble);
  EXPECT_LT(largest_difference(set.points.select(1, 0), v), 1e-6);
  EXPECT_LT(largest_difference(set.logits.select(1, 0), v / 50), 1e-6);
  EXPECT_LT(largest_difference(set.spatial->gaussian().mean, at::stack({v.mean(), -v.mean()})),
            1e-9);
  EXPECT_LT(
      largest_difference(set.pooled.gaussian().covariance, gaussian_of(set.points).covariance),
      1e-9);
}

TEST(Extraction, ResumesWhereItWasStopped) {
  const tessera::test::TemporaryFolder folder;
  ExtractionOptions options = everything();
  options.folder = folder / "features";
  const ExtractedSet whole =
      extract_features(NumberedPictures(40, {5}), LevelFeatures(), everything(), {}, {});

  std::stop_source stop;
  const auto stop_at_14 = [&](const Progress& p) {
    if (p.step >= 14) stop.request_stop();
  };
  tessera::test::expect_error(ErrorCode::kCancelled, "stopped after", [&] {
    extract_features(
        NumberedPictures(40, {5}), LevelFeatures(), options, stop_at_14, stop.get_token());
  });
  // One shard of ten was finished; the rest is made, and the finished one only read.
  const NumberedPictures again(40, {5});
  const ExtractedSet resumed = extract_features(again, LevelFeatures(), options, {}, {});
  EXPECT_EQ(again.loads, 30);
  EXPECT_TRUE(at::equal(resumed.points, whole.points));
  EXPECT_EQ(resumed.unreadable.size(), 1u);

  const NumberedPictures third(40, {5});
  extract_features(third, LevelFeatures(), options, {}, {});
  EXPECT_EQ(third.loads, 0);
}

TEST(Extraction, MakesADamagedShardAgain) {
  const tessera::test::TemporaryFolder folder;
  ExtractionOptions options = everything();
  options.folder = folder.path();
  const NumberedPictures pictures(20, {});
  const ExtractedSet first = extract_features(pictures, LevelFeatures(), options, {}, {});
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().string().find("-00001.") == std::string::npos) continue;
    std::filesystem::resize_file(entry.path(), std::filesystem::file_size(entry.path()) - 8);
  }
  const ExtractedSet second = extract_features(pictures, LevelFeatures(), options, {}, {});
  EXPECT_EQ(pictures.loads, 30);
  EXPECT_TRUE(at::equal(first.points, second.points));
}

TEST(Extraction, ProcessesShareTheShards) {
  const tessera::test::TemporaryFolder folder;
  ExtractionOptions options = everything();
  options.folder = folder.path();
  int loads = 0;
  for (std::int64_t rank = 0; rank < 3; ++rank) {
    const NumberedPictures pictures(45, {44});
    options.share = {.rank = rank, .count = 3};
    EXPECT_FALSE(all_shards_there(pictures, LevelFeatures(), options));
    extract_share(pictures, LevelFeatures(), options, {}, {});
    loads += pictures.loads;
  }
  EXPECT_EQ(loads, 45);
  const NumberedPictures pictures(45, {44});
  EXPECT_TRUE(all_shards_there(pictures, LevelFeatures(), options));
  const ExtractedSet set = extract_features(pictures, LevelFeatures(), options, {}, {});
  EXPECT_EQ(pictures.loads, 0);
  EXPECT_TRUE(at::equal(
      set.points,
      extract_features(NumberedPictures(45, {44}), LevelFeatures(), everything(), {}, {}).points));
}

TEST(Extraction, OtherFeaturesOrPicturesHaveOtherShards) {
  const tessera::test::TemporaryFolder folder;
  ExtractionOptions options = everything();
  options.folder = folder.path();
  extract_features(NumberedPictures(20, {}), LevelFeatures(), options, {}, {});
  const NumberedPictures more(21, {});
  extract_features(more, LevelFeatures(), options, {}, {});
  EXPECT_EQ(more.loads, 21);
}

TEST(Extraction, SaysWhatCannotBe) {
  const NumberedPictures broken(3, {0, 1, 2});
  tessera::test::expect_error(
      ErrorCode::kCorruptFile,
      "numbers: none of 3 pictures can be read, the first because: 0.png: cut short",
      [&] { extract_features(broken, LevelFeatures(), everything(), {}, {}); });
  ExtractionOptions options = everything();
  options.batch = 0;
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "batch", [&] {
    extract_features(NumberedPictures(3, {}), LevelFeatures(), options, {}, {});
  });
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "needs a folder", [&] {
    extract_share(NumberedPictures(3, {}), LevelFeatures(), everything(), {}, {});
  });
}

}  // namespace
}  // namespace tessera::eval
