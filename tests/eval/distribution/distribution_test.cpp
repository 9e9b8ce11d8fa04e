#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eval/distribution_report.h"
#include "eval/images/generated_pictures.h"
#include "tests/eval/distribution/fake_pictures.h"
#include "tests/eval/distribution/recorded.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

using test::LevelFeatures;
using test::NumberedPictures;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

DistributionSide pictures(std::int64_t count, std::set<std::int64_t> broken = {}) {
  DistributionSide side{.title = "set"};
  side.pictures = std::make_unique<NumberedPictures>(count, std::move(broken));
  return side;
}

DistributionOptions options_for(const std::string& metrics) {
  DistributionOptions options{.metrics = distribution_metrics_named(metrics)};
  options.extraction = {.batch = 8, .shard = 32, .threads = 2};
  options.kernel = {.subsets = 5, .subset_size = 20};
  options.splits = 2;
  options.limit = {.points = 4, .smallest = 20};
  return options;
}

TEST(DistributionMetrics, AreNamedInAnyOrder) {
  const DistributionMetrics m = distribution_metrics_named("prdc,fid");
  EXPECT_TRUE(m.prdc && m.fid && !m.kid && !m.is && !m.sfid && !m.fid_inf);
  for (const char* wrong : {"", "fid,", "FID", "fid;kid"}) {
    tessera::test::expect_error(ErrorCode::kInvalidArgument,
                                "known: fid, kid, is, prdc, sfid, fid-inf",
                                [&] { distribution_metrics_named(wrong); });
  }
}

TEST(Distribution, AllMetricsOfTwoSetsAndTheirWords) {
  const DistributionSide judged = pictures(64, {3});
  const DistributionSide reference = pictures(50);
  const DistributionOptions options = options_for("fid,kid,is,prdc,sfid,fid-inf");
  const DistributionResult r =
      compare_distributions(judged, reference, LevelFeatures(), options, {}, {});
  EXPECT_EQ(r.judged, 63);
  EXPECT_EQ(r.reference, 50);
  // By hand: the set's own mean and covariance.
  std::vector<double> a;
  std::vector<double> b;
  for (int k = 0; k < 64; ++k) {
    if (k != 3) a.push_back(k);
    if (k < 50) b.push_back(k);
  }
  const auto features = [](const std::vector<double>& levels) {
    const at::Tensor v = at::tensor(levels, at::kDouble).view({-1, 1});
    return at::cat({v, v * v / 100, at::ones_like(v)}, 1);
  };
  const double wanted = frechet_distance(gaussian_of(features(a)), gaussian_of(features(b)));
  EXPECT_NEAR(*r.fid, wanted, 1e-4 * wanted);
  EXPECT_TRUE(r.kid && r.is && r.prdc && r.sfid && r.fid_inf);
  EXPECT_GT(*r.sfid, 0);

  const std::vector<std::string> lines = distribution_lines(r, options);
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_THAT(lines[0], StartsWith("fid       "));
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr("level (weights 0123456789ab), mean, fp32, N = 63"));
  }
  EXPECT_THAT(lines[3], HasSubstr("5 subsets of 20"));
  const io::Json json = distribution_json(r, judged, reference, options);
  EXPECT_EQ(json["definition"]["weights"], "0123456789abcdef");
  EXPECT_EQ(json["metrics"]["fid"], *r.fid);
  EXPECT_EQ(json["metrics"]["prdc"]["neighbours"], 5);
  EXPECT_EQ(json["judged"]["count"], 63);
  EXPECT_EQ(json["unreadable"][0]["name"], "3.png");
  EXPECT_THAT(
      r.warnings,
      ElementsAre(HasSubstr("63 pictures; FID of fewer than 10000"), HasSubstr("50 pictures")));
}

TEST(Distribution, StatisticsStandForPictures) {
  const DistributionOptions options = options_for("fid,sfid");
  const DistributionSide judged = pictures(40);
  const DistributionResult direct =
      compare_distributions(judged, pictures(60), LevelFeatures(), options, {}, {});
  const DistributionResult other =
      compare_distributions(pictures(60), pictures(60), LevelFeatures(), options, {}, {});
  DistributionSide saved{.title = "saved.npz"};
  saved.statistics = other.judged_statistics;
  const DistributionResult r =
      compare_distributions(judged, saved, LevelFeatures(), options, {}, {});
  EXPECT_NEAR(*r.fid, *direct.fid, 1e-9);
  EXPECT_NEAR(*r.sfid, *direct.sfid, 1e-9);
  EXPECT_EQ(r.reference, 60);

  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "saved.npz: statistics are left of it but no pictures", [&] {
        compare_distributions(judged, saved, LevelFeatures(), options_for("kid"), {}, {});
      });
  saved.statistics->features->preprocessing = "clean";
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "such numbers cannot be compared", [&] {
    compare_distributions(judged, saved, LevelFeatures(), options, {}, {});
  });
  saved.statistics->features.reset();
  saved.statistics->pooled = gaussian_of(test::normal_points(9, 4, 0));
  tessera::test::expect_error(
      ErrorCode::kShapeMismatch, "saved.npz: statistics of 4 features, level has 3", [&] {
        compare_distributions(judged, saved, LevelFeatures(), options, {}, {});
      });
}

TEST(Distribution, TheInceptionScoreNeedsNoReference) {
  const DistributionResult r =
      compare_distributions(pictures(30), {}, LevelFeatures(), options_for("is"), {}, {});
  EXPECT_GE(r.is->mean, 1.0);
  EXPECT_LE(r.is->mean, 2.0);
  EXPECT_FALSE(r.fid);
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "nothing to compare", [] {
    compare_distributions(pictures(30), {}, LevelFeatures(), options_for("fid"), {}, {});
  });
}

TEST(GeneratedPictures, AreMadeOnceInBatchesAndHandedOutInAnyOrder) {
  std::vector<std::int64_t> firsts;
  const auto make = [&](std::int64_t first, const std::vector<std::string>& captions) {
    firsts.push_back(first);
    std::vector<at::Tensor> out;
    for (std::size_t k = 0; k < captions.size(); ++k) {
      const auto level = static_cast<double>(first) + static_cast<double>(k);
      out.push_back(at::full({3, 4, 5}, level / 127.5 - 1));
    }
    return out;
  };
  const std::vector<std::string> captions(10, "a cat");
  const auto set =
      open_generated_pictures(captions, make, {.batch = 4, .title = "model", .fingerprint = "f"});
  EXPECT_EQ(set->size(), 10);
  for (const std::int64_t k : {1, 0, 4, 3, 2, 9, 8, 5, 6, 7}) {
    const at::Tensor picture = set->load(k);
    EXPECT_EQ(picture.sizes(), at::IntArrayRef({4, 5, 3}));
    EXPECT_EQ(picture[0][0][0].item<int>(), k);
  }
  EXPECT_THAT(firsts, ElementsAre(0, 4, 8));
}

TEST(PictureFiles, FolderAndListAreSortedAndWhatIsNoPictureIsRefused) {
  const tessera::test::TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "in" / "deep");
  for (const char* name : {"in/b.png", "in/a.JPG", "in/deep/c.webp", "in/notes.txt"}) {
    folder.write(name, "x");
  }
  const auto files = list_pictures(folder / "in");
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0].filename(), "a.JPG");
  EXPECT_EQ(files[2].filename(), "c.webp");
  const auto list = folder.write("list.txt", "# mine\nin/b.png\r\n\nin/deep/c.webp\n");
  ASSERT_EQ(list_pictures(list).size(), 2u);
  EXPECT_EQ(list_pictures(list)[0], folder.path() / "in/b.png");
  std::filesystem::create_directories(folder / "empty");
  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "no pictures", [&] { list_pictures(folder / "empty"); });
  tessera::test::expect_error(
      ErrorCode::kNotFound, "no such folder", [&] { list_pictures(folder / "none"); });
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "one picture has no distribution", [&] {
    list_pictures(folder.path() / "in" / "b.png");
  });
}

}  // namespace
}  // namespace tessera::eval
