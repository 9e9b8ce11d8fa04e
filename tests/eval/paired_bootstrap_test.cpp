#include "eval/paired_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

const std::vector<double> kA = {2.154, 2.131, 3.13,  1.065, 2.183, 1.704, 0.885, 1.119,
                                1.718, 0.847, 1.677, 3.958, 1.451, 1.958, 1.513, 0.604,
                                5.939, 2.678, 0.316, 1.811, 0.931, 0.72,  1.793, 1.095,
                                3.102, 0.818, 1.1,   0.631, 1.641, 1.293, 2.044, 0.607,
                                1.134, 2.852, 2.017, 1.311, 2.839, 3.111, 0.392, 1.155};
const std::vector<double> kB = {2.91,  2.2,   3.491, 0.944, 2.981, 1.657, 1.302, 1.095,
                                1.614, 0.934, 1.823, 3.82,  1.397, 1.904, 1.637, 1.099,
                                5.938, 2.97,  0.957, 1.912, 0.847, 2.003, 2.614, 1.206,
                                3.337, 0.729, 1.539, 0.57,  1.609, 1.496, 3.402, 0.556,
                                1.133, 2.753, 2.009, 1.256, 2.833, 3.368, 1.368, 1.247};

// Recorded from SciPy 1.17 (stats.bootstrap, mean of eight runs of 100,000 resamples, whose ends
// scatter by 0.0006 to 0.001). The differences are skewed: the two intervals are well apart.
TEST(PairedBootstrap, IntervalsAreThoseOfSciPy) {
  const PairedDifference d = paired_bootstrap(kA, kB, {.resamples = 100'000, .seed = 5});
  EXPECT_NEAR(d.percentile.low, 0.114269, 0.003);
  EXPECT_NEAR(d.percentile.high, 0.350691, 0.003);
  EXPECT_NEAR(d.bca.low, 0.124762, 0.003);
  EXPECT_NEAR(d.bca.high, 0.367567, 0.004);
  EXPECT_NEAR(d.mean, 0.225825, 1e-12);
  EXPECT_NEAR(d.error, 0.06125971286148667, 1e-12);
  EXPECT_EQ(d.pairs, 40);
  EXPECT_EQ(d.wins, 22);
  EXPECT_EQ(d.ties, 0);
  EXPECT_EQ(d.losses, 18);
  EXPECT_LT(d.doubt, 0.001);
}

// All 5^5 resamples of five differences, counted.
TEST(PairedBootstrap, FollowsTheDistributionOfAllResamples) {
  const std::vector<double> d = {-1.0, 0.25, 0.5, 1.5, 3.0};
  std::vector<double> means;
  for (int code = 0; code < 3125; ++code) {
    double sum = 0;
    for (int j = 0, rest = code; j < 5; ++j, rest /= 5)
      sum += d[static_cast<std::size_t>(rest % 5)];
    means.push_back(sum / 5);
  }
  const auto share = [&](auto keep) {
    return static_cast<double>(std::count_if(means.begin(), means.end(), keep)) / 3125.0;
  };
  const PairedDifference found = paired_bootstrap(
      std::vector<double>(5, 0.0), d, {.resamples = 200'000, .seed = 2, .confidence = 0.5});
  // A quarter of the means lies below the low end, to within the steps of so few values.
  EXPECT_LE(share([&](double m) { return m < found.percentile.low - 1e-9; }), 0.252);
  EXPECT_GE(share([&](double m) { return m <= found.percentile.low + 1e-9; }), 0.248);
  EXPECT_LE(share([&](double m) { return m > found.percentile.high + 1e-9; }), 0.252);
  EXPECT_GE(share([&](double m) { return m >= found.percentile.high - 1e-9; }), 0.248);
  EXPECT_NEAR(found.doubt, 2 * share([](double m) { return m <= 0; }), 0.003);
}

TEST(PairedBootstrap, DependsOnTheSeedAlone) {
  const BootstrapOptions options{.resamples = 500, .seed = 9};
  const PairedDifference once = paired_bootstrap(kA, kB, options);
  const PairedDifference again = paired_bootstrap(kA, kB, options);
  EXPECT_EQ(once.bca.low, again.bca.low);
  EXPECT_EQ(once.percentile.high, again.percentile.high);
  const PairedDifference other = paired_bootstrap(kA, kB, {.resamples = 500, .seed = 10});
  EXPECT_NE(once.percentile.low, other.percentile.low);
}

TEST(PairedBootstrap, TurnsItsSignWhenTheSidesAreSwapped) {
  const BootstrapOptions options{.resamples = 2000};
  const PairedDifference there = paired_bootstrap(kA, kB, options);
  const PairedDifference back = paired_bootstrap(kB, kA, options);
  EXPECT_DOUBLE_EQ(there.mean, -back.mean);
  EXPECT_NEAR(there.percentile.low, -back.percentile.high, 1e-12);
  EXPECT_NEAR(there.doubt, back.doubt, 1e-12);
  EXPECT_EQ(there.wins, back.losses);
}

TEST(PairedBootstrap, OfEqualSidesIsZeroAndUnsure) {
  const PairedDifference d = paired_bootstrap(kA, kA, {.resamples = 1000});
  EXPECT_EQ(d.mean, 0);
  EXPECT_EQ(d.percentile.low, 0);
  EXPECT_EQ(d.bca.high, 0);
  EXPECT_EQ(d.doubt, 1);
  EXPECT_EQ(d.ties, 40);
}

TEST(PairedBootstrap, RefusesWhatCannotBeCompared) {
  const std::vector<double> one = {1.0};
  const std::vector<double> none;
  const std::vector<double> nan = {std::numeric_limits<double>::quiet_NaN()};
  test::expect_error(ErrorCode::kShapeMismatch, "40 and 1", [&] { paired_bootstrap(kA, one, {}); });
  test::expect_error(
      ErrorCode::kInvalidArgument, "no pairs", [&] { paired_bootstrap(none, none, {}); });
  test::expect_error(
      ErrorCode::kInvalidArgument, "not finite", [&] { paired_bootstrap(nan, one, {}); });
  test::expect_error(ErrorCode::kInvalidArgument, "got 10", [&] {
    paired_bootstrap(one, one, {.resamples = 10});
  });
  test::expect_error(
      ErrorCode::kInvalidArgument, "got 0", [&] { paired_bootstrap(one, one, {.confidence = 0}); });
}

}  // namespace
}  // namespace tessera::eval
