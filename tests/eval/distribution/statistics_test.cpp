#include <set>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "eval/statistics/draw_rows.h"
#include "eval/statistics/statistics_file.h"
#include "io/formats/npz.h"
#include "io/state_dict.h"
#include "tests/eval/distribution/recorded.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::eval {
namespace {

using test::data_file;
using test::largest_difference;
using test::normal_points;

TEST(GaussianSums, ArePlainMeanAndCovariance) {
  const at::Tensor x = normal_points(57, 4, 0) * 3.0 + 100.0;
  const Gaussian g = gaussian_of(x);
  EXPECT_EQ(g.count, 57);
  for (std::int64_t i = 0; i < 4; ++i) {
    double mean = 0;
    for (std::int64_t r = 0; r < 57; ++r) mean += x[r][i].item<double>() / 57;
    EXPECT_NEAR(g.mean[i].item<double>(), mean, 1e-10);
    for (std::int64_t j = 0; j < 4; ++j) {
      double sum = 0;
      const double other = x.select(1, j).sum().item<double>() / 57;
      for (std::int64_t r = 0; r < 57; ++r) {
        sum += (x[r][i].item<double>() - mean) * (x[r][j].item<double>() - other);
      }
      EXPECT_NEAR(g.covariance[i][j].item<double>(), sum / 56, 1e-9);
    }
  }
}

TEST(GaussianSums, PiecesMergeToTheWholeInAnyShape) {
  const at::Tensor x = normal_points(200, 6, 1) + 1e4;  // a mean far from 0 must not cost digits
  const Gaussian whole = gaussian_of(x);
  GaussianSums left(6);
  GaussianSums right(6);
  left.add(x.slice(0, 0, 1));
  left.add(x.slice(0, 1, 1));  // nothing
  left.add(x.slice(0, 1, 77));
  right.add(x.slice(0, 77, 200));
  GaussianSums all(6);
  all.merge(right);
  all.merge(GaussianSums(6));
  all.merge(left);
  const Gaussian merged = all.gaussian();
  EXPECT_EQ(merged.count, 200);
  EXPECT_LT(largest_difference(merged.mean, whole.mean), 1e-10);
  EXPECT_LT(largest_difference(merged.covariance, whole.covariance), 1e-9);
}

TEST(GaussianSums, RefusesWhatHasNoCovariance) {
  GaussianSums sums(3);
  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "there are none", [&] { sums.gaussian(); });
  sums.add(at::zeros({1, 3}));
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "there is 1", [&] { sums.gaussian(); });
  tessera::test::expect_error(ErrorCode::kShapeMismatch, "[2, 4]", [&] {
    sums.add(at::zeros({2, 4}));
  });
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "not numbers", [&] {
    sums.add(at::full({1, 3}, std::nan("")));
  });
}

TEST(DrawRows, AreDifferentRowsAndEveryOneAsOften) {
  std::vector<int> first(5);
  for (std::uint32_t k = 0; k < 5000; ++k) {
    const at::Tensor rows = draw_rows({.seed = 9, .use = 7, .number = k}, 5, 3);
    std::set<std::int64_t> seen;
    for (std::int64_t i = 0; i < 3; ++i) seen.insert(rows[i].item<std::int64_t>());
    ASSERT_EQ(seen.size(), 3u);
    ASSERT_GE(*seen.begin(), 0);
    ASSERT_LT(*seen.rbegin(), 5);
    ++first[static_cast<std::size_t>(rows[0].item<std::int64_t>())];
  }
  double chi = 0;
  for (const int count : first) chi += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi, 18.5);  // 4 degrees of freedom, one in a thousand
  EXPECT_TRUE(at::equal(std::get<0>(draw_rows({.seed = 1}, 40, 40).sort()), at::arange(40)));
}

TEST(StatisticsFile, ReadsWhatNumpyWrites) {
  const io::StateDict expected = io::read_state_dict(data_file("npz-expected.safetensors"));
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const PictureStatistics s = read_statistics(data_file(name));
    EXPECT_TRUE(at::equal(s.pooled.mean, expected.tensors.at("mu"))) << name;
    EXPECT_TRUE(at::equal(s.pooled.covariance, expected.tensors.at("sigma"))) << name;
    EXPECT_EQ(s.pooled.count, 0);
    EXPECT_FALSE(s.features.has_value());
    EXPECT_EQ(s.spatial.has_value(), std::string(name) == "deflated.npz");
  }
}

TEST(StatisticsFile, GoesRound) {
  const tessera::test::TemporaryFolder folder;
  const PictureStatistics s{
      .pooled = gaussian_of(normal_points(50, 5, 2)),
      .spatial = gaussian_of(normal_points(50, 3, 3)),
      .features = FeatureFacts{
          .name = "inception-2015-12-05", .weights = "ab12", .preprocessing = "clean", .dims = 5}};
  write_statistics(folder / "a.npz", s);
  const PictureStatistics back = read_statistics(folder / "a.npz");
  EXPECT_TRUE(at::equal(back.pooled.mean, s.pooled.mean));
  EXPECT_TRUE(at::equal(back.pooled.covariance, s.pooled.covariance));
  EXPECT_EQ(back.pooled.count, 50);
  ASSERT_TRUE(back.spatial && back.features);
  EXPECT_TRUE(at::equal(back.spatial->covariance, s.spatial->covariance));
  EXPECT_EQ(back.features->name, "inception-2015-12-05");
  EXPECT_EQ(back.features->preprocessing, "clean");
  const std::string first = read_file(folder / "a.npz");
  write_statistics(folder / "a.npz", s);
  EXPECT_EQ(read_file(folder / "a.npz"), first);
}

TEST(StatisticsFile, RefusesWhatIsNoStatistics) {
  const tessera::test::TemporaryFolder folder;
  const auto refused = [&](const std::map<std::string, at::Tensor>& arrays,
                           const std::string& part) {
    io::write_npz(folder / "x.npz", arrays);
    tessera::test::expect_error(
        ErrorCode::kCorruptFile, part, [&] { read_statistics(folder / "x.npz"); });
  };
  const at::Tensor two = at::zeros({2}, at::kDouble);
  const at::Tensor square = at::eye(2, at::kDouble);
  refused({{"mu", two}}, "no arrays mu and sigma");
  refused({{"mu", two}, {"sigma", at::eye(3, at::kDouble)}}, "[2] and [3, 3]");
  refused({{"mu", at::full({2}, std::nan(""))}, {"sigma", square}}, "not numbers");
  refused({{"mu", two}, {"sigma", square}, {"count", at::zeros({1}, at::kLong)}}, "at least 2");
  tessera::test::expect_error(
      ErrorCode::kNotFound, "none.npz", [&] { read_statistics(folder / "none.npz"); });
}

}  // namespace
}  // namespace tessera::eval
