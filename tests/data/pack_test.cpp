#include "data/files/pack.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/packed.h"
#include "io/image/codecs.h"
#include "io/image/convert.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::data {
namespace {

io::RgbImage picture(std::int32_t side, int number) {
  io::RgbImage image{.width = side, .height = side};
  for (std::int32_t i = 0; i < 3 * side * side; ++i) {
    image.pixels.push_back(static_cast<std::uint8_t>(i * 7 + number * 31));
  }
  return image;
}

class Pack : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_ / "in");
    for (int i = 0; i < 5; ++i) {
      const std::string name = concat("in/", i);
      std::string bytes = io::encode_png(picture(8, i));
      if (i == 2) bytes.resize(bytes.size() / 2);
      folder_.write(name + ".png", bytes);
      folder_.write(name + ".txt", concat("picture ", i, i == 3 ? "\nthe same" : ""));
    }
    folder_.write("in/lonely.png", "x");
  }
  FileSet files() const { return open_files(folder_ / "in", {.resolution = 8}); }
  test::TemporaryFolder folder_{};
};

TEST_F(Pack, HoldsThePicturesThatAreGood) {
  std::vector<Progress> seen;
  const PackReport report =
      pack_files(files(), folder_ / "out", [&](const Progress& p) { seen.push_back(p); }, {});
  EXPECT_EQ(report.images, 4);
  EXPECT_EQ(report.samples, 5);
  EXPECT_EQ(report.skipped, 2);
  EXPECT_THAT(report.first_skipped,
              ::testing::ElementsAre(::testing::HasSubstr("lonely.png: no lonely.txt"),
                                     ::testing::HasSubstr("2.png: damaged or cut short")));
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen.back().step, 5);
  EXPECT_EQ(seen.back().total, 5);
  const auto source = open_packed(folder_ / "out");
  const Batch batch = source->get({0, 1, 2, 3, 4}, at::kCPU);
  EXPECT_THAT(
      batch.captions,
      ::testing::ElementsAre("picture 0", "picture 1", "picture 3", "the same", "picture 4"));
  const std::vector<int> numbers = {0, 1, 3, 3, 4};
  for (std::size_t row = 0; row < 5; ++row) {
    EXPECT_EQ(io::to_image(batch.images[static_cast<std::int64_t>(row)]), picture(8, numbers[row]));
  }
}

TEST_F(Pack, TheSameFilesGiveTheSamePack) {
  pack_files(files(), folder_ / "a", {}, {});
  pack_files(files(), folder_ / "b", {}, {});
  EXPECT_EQ(open_packed(folder_ / "a")->fingerprint(), open_packed(folder_ / "b")->fingerprint());
}

TEST_F(Pack, AStopLeavesNothingBehind) {
  std::stop_source stop;
  test::expect_error(ErrorCode::kCancelled, "stopped", [&] {
    pack_files(
        files(),
        folder_ / "out",
        [&](const Progress& p) {
          if (p.step == 2) stop.request_stop();
        },
        stop.get_token());
  });
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.partial"));
}

TEST_F(Pack, RefusesAFolderInUseAndASetWithoutPictures) {
  test::expect_error(ErrorCode::kInvalidArgument, "already holds something", [&] {
    pack_files(files(), folder_ / "in", {}, {});
  });
  FileSet set = files();
  set.samples = {set.samples[2]};
  test::expect_error(
      ErrorCode::kInvalidArgument, "no picture", [&] { pack_files(set, folder_ / "out", {}, {}); });
  test::expect_error(
      ErrorCode::kIo, "cannot create", [&] { pack_files(files(), "/dev/null/out", {}, {}); });
}

}  // namespace
}  // namespace tessera::data
