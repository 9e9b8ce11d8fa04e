#include "data/packed.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::data {
namespace {
namespace fs = std::filesystem;

at::Tensor picture(std::int64_t number) {
  return (at::arange(3 * 4 * 4, at::kLong) * 5 + number * 17)
      .remainder(256)
      .to(at::kByte)
      .reshape({3, 4, 4});
}

class Packed : public ::testing::Test {
 protected:
  /// Seven pictures in shards of three; picture i has 1 + i % 3 captions.
  void pack() {
    PackWriter writer(folder_ / "pack", {.resolution = 4, .shard_bytes = 3 * 48});
    for (std::int64_t i = 0; i < 7; ++i) {
      std::vector<std::string> captions;
      for (std::int64_t k = 0; k <= i % 3; ++k) {
        captions.push_back(k == 1 ? "" : concat("bild ", i, " ü ", k));
        expected_.emplace_back(i, captions.back());
      }
      writer.add(picture(i), captions);
    }
    writer.finish();
    EXPECT_EQ(writer.images(), 7);
    EXPECT_EQ(writer.samples(), 13);
  }
  test::TemporaryFolder folder_{};
  std::vector<std::pair<std::int64_t, std::string>> expected_{};
};

TEST_F(Packed, GivesBackEveryPictureWithEachOfItsCaptions) {
  pack();
  const auto source = open_packed(folder_ / "pack");
  ASSERT_EQ(source->size(), 13);
  std::vector<std::int64_t> all;
  for (std::int64_t i = 12; i >= 0; --i) all.push_back(i);
  const Batch batch = source->get(all, at::kCPU);
  EXPECT_EQ(batch.indices, all);
  EXPECT_EQ(batch.captions, source->captions(all));
  ASSERT_EQ(batch.images.sizes(), (at::IntArrayRef{13, 3, 4, 4}));
  for (std::size_t row = 0; row < 13; ++row) {
    const auto& [number, caption] = expected_[12 - row];
    EXPECT_EQ(batch.captions[row], caption);
    // The door's rule: 8-bit value x is x / 127.5 - 1.
    const at::Tensor wanted = picture(number).to(at::kDouble) / 127.5 - 1;
    const at::Tensor found = batch.images[static_cast<std::int64_t>(row)];
    EXPECT_LT((found.to(at::kDouble) - wanted).abs().max().item<double>(), 1e-7);
  }
}

TEST_F(Packed, TheFingerprintFollowsTheContent) {
  pack();
  const std::string first = open_packed(folder_ / "pack")->fingerprint();
  EXPECT_EQ(open_packed(folder_ / "pack")->fingerprint(), first);
  fs::remove_all(folder_ / "pack");
  pack();
  EXPECT_EQ(open_packed(folder_ / "pack")->fingerprint(), first);
  PackWriter other(folder_ / "other", {.resolution = 4});
  other.add(picture(0), {"bild 0"});
  other.finish();
  EXPECT_NE(open_packed(folder_ / "other")->fingerprint(), first);
}

TEST_F(Packed, IsWrittenWholeOrNotAtAll) {
  {
    PackWriter writer(folder_ / "pack", {.resolution = 4, .shard_bytes = 48});
    writer.add(picture(0), {"a"});
    EXPECT_TRUE(fs::exists(folder_ / "pack.partial/00000.safetensors"));
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
  EXPECT_FALSE(is_packed(folder_ / "pack"));
  fs::create_directories(folder_ / "pack.partial");  // left by a killed run
  folder_.write("pack.partial/00009.safetensors", "old");
  pack();
  EXPECT_TRUE(is_packed(folder_ / "pack"));
  EXPECT_FALSE(fs::exists(folder_ / "pack/00009.safetensors"));
  test::expect_error(ErrorCode::kInvalidArgument, "already holds something", [&] {
    const PackWriter again(folder_ / "pack", {.resolution = 4});
  });
}

TEST_F(Packed, RefusesWhatIsNotAPack) {
  pack();
  test::expect_error(ErrorCode::kNotFound, "no index.json", [&] { open_packed(folder_.path()); });
  const auto source = open_packed(folder_ / "pack");
  test::expect_error(
      ErrorCode::kInvalidArgument, "[0, 13), got 13", [&] { source->captions({13}); });
  test::expect_error(ErrorCode::kInvalidArgument, "got -1", [&] { source->get({-1}, at::kCPU); });
  const std::string shard = read_file(folder_ / "pack/00001.safetensors");
  const std::string index = read_file(folder_ / "pack/index.json");
  const auto open = [&] { open_packed(folder_ / "pack"); };
  folder_.write("pack/00001.safetensors", shard.substr(0, shard.size() - 1));
  test::expect_error(ErrorCode::kCorruptFile, "00001.safetensors", open);
  folder_.write("pack/00001.safetensors", shard);
  folder_.write("pack/index.json", "{}");
  test::expect_error(ErrorCode::kCorruptFile, "schema", open);
  std::string away = index;
  away.replace(away.find("00001.safetensors"), 17, "../00001.safetens");
  folder_.write("pack/index.json", away);
  test::expect_error(ErrorCode::kCorruptFile, "out of range", open);
  std::string more = index;
  more.replace(more.find("\"samples\": 13"), 13, "\"samples\": 14");
  folder_.write("pack/index.json", more);
  test::expect_error(ErrorCode::kCorruptFile, "counts", open);
}

// Offsets are data of the file: whatever they say, reading stays inside.
TEST_F(Packed, FlippedBitsNeverLeadOutside) {
  pack();
  const fs::path file = folder_ / "pack/00002.safetensors";
  const std::string good = read_file(file);
  for (std::size_t bit = 0; bit < 8 * good.size(); bit += 3) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    folder_.write("pack/00002.safetensors", bad);
    try {
      const auto source = open_packed(folder_ / "pack");
      for (std::int64_t i = 0; i < source->size(); ++i) source->get({i}, at::kCPU);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorruptFile);
    }
  }
}

TEST(PackWriter, RefusesPicturesThatDoNotFit) {
  const test::TemporaryFolder folder;
  PackWriter writer(folder / "pack", {.resolution = 4});
  test::expect_error(ErrorCode::kShapeMismatch, "[3, 4, 4]", [&] {
    writer.add(at::zeros({3, 4, 5}, at::kByte), {"a"});
  });
  test::expect_error(ErrorCode::kShapeMismatch, "uint8", [&] {
    writer.add(at::zeros({3, 4, 4}), {"a"});
  });
  test::expect_error(ErrorCode::kInvalidArgument, "caption", [&] { writer.add(picture(0), {}); });
  test::expect_error(ErrorCode::kInvalidArgument, "no picture", [&] { writer.finish(); });
}

}  // namespace
}  // namespace tessera::data
