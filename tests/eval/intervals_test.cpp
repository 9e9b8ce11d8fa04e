#include "eval/intervals.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

// Recorded from SciPy 1.17 (stats.norm.ppf).
TEST(Normal, QuantilesAreThoseOfSciPy) {
  const std::vector<std::pair<double, double>> recorded = {{1e-300, -37.0470962993612},
                                                           {1e-12, -7.034483825301131},
                                                           {0.001, -3.090232306167813},
                                                           {0.025, -1.9599639845400545},
                                                           {0.3, -0.5244005127080409},
                                                           {0.5, 0.0},
                                                           {0.975, 1.959963984540054},
                                                           {1 - 1e-10, 6.361340889697422}};
  for (const auto& [p, z] : recorded) {
    EXPECT_NEAR(normal_quantile(p), z, 1e-13 * std::max(1.0, std::abs(z))) << p;
    EXPECT_NEAR(normal_cdf(z) / p, 1.0, 1e-11) << p;
  }
  EXPECT_EQ(normal_quantile(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(normal_quantile(1), std::numeric_limits<double>::infinity());
  test::expect_error(ErrorCode::kInvalidArgument, "got 1.5", [] { normal_quantile(1.5); });
}

// Recorded from SciPy 1.17 (stats.binomtest(…).proportion_ci(method="wilson")).
TEST(Wilson, IntervalsAreThoseOfSciPy) {
  struct Case {
    std::int64_t right, asked;
    double confidence, low, high;
  };
  for (const Case& c : {Case{395, 500, 0.95, 0.7521551530407022, 0.8234227294915974},
                        Case{0, 20, 0.95, 0.0, 0.16112515805281935},
                        Case{20, 20, 0.95, 0.8388748419471808, 1.0},
                        Case{1, 3, 0.9, 0.07826572633372841, 0.7464661317187758},
                        Case{7, 12, 0.99, 0.25799485158426216, 0.8493306701409508}}) {
    const Interval found = wilson_interval(c.right, c.asked, c.confidence);
    EXPECT_NEAR(found.low, c.low, 1e-13) << c.right << " of " << c.asked;
    EXPECT_NEAR(found.high, c.high, 1e-13) << c.right << " of " << c.asked;
  }
}

// What defines it: at its ends the score test is exactly at its level.
TEST(Wilson, ItsEndsAreWhereTheScoreTestTurns) {
  for (const auto& [right, asked] : {std::pair{3, 17}, std::pair{40, 41}, std::pair{1, 2}}) {
    const Interval found = wilson_interval(right, asked, 0.9);
    const double share = static_cast<double>(right) / asked;
    for (const double p : {found.low, found.high}) {
      const double z = (share - p) / std::sqrt(p * (1 - p) / asked);
      EXPECT_NEAR(std::abs(z), 1.6448536269514722, 1e-9);
    }
  }
}

TEST(Wilson, KnowsNothingOfNothingAndRefusesWhatCannotBe) {
  EXPECT_EQ(wilson_interval(0, 0).low, 0.0);
  EXPECT_EQ(wilson_interval(0, 0).high, 1.0);
  test::expect_error(ErrorCode::kInvalidArgument, "4 of 3", [] { wilson_interval(4, 3); });
  test::expect_error(ErrorCode::kInvalidArgument, "-1 of 3", [] { wilson_interval(-1, 3); });
  test::expect_error(ErrorCode::kInvalidArgument, "got 1", [] { wilson_interval(1, 3, 1.0); });
}

// Recorded from NumPy 2.4 and SciPy 1.17 (mean, stats.sem, quantile).
TEST(Means, AndQuantilesAreThoseOfNumPy) {
  const std::vector<double> values = {1.5, 2.25, -0.75, 4.0, 3.125};
  const Mean mean = mean_of(values);
  EXPECT_DOUBLE_EQ(mean.value, 2.025);
  EXPECT_NEAR(mean.error, 0.8104782538723664, 1e-15);
  EXPECT_EQ(mean.count, 5);
  const std::vector<double> sorted = {-0.75, 1.5, 2.25, 3.125, 4.0};
  const std::vector<std::pair<double, double>> recorded = {
      {0, -0.75}, {0.1, 0.15}, {0.37, 1.86}, {0.5, 2.25}, {0.9, 3.65}, {1, 4.0}};
  for (const auto& [p, value] : recorded) {
    EXPECT_NEAR(quantile_of_sorted(sorted, p), value, 1e-14) << p;
  }
}

TEST(Means, OfFewValuesHaveNoError) {
  EXPECT_TRUE(std::isnan(mean_of({}).value));
  const std::vector<double> one = {3.0};
  EXPECT_EQ(mean_of(one).value, 3.0);
  EXPECT_TRUE(std::isnan(mean_of(one).error));
  test::expect_error(
      ErrorCode::kInvalidArgument, "at least one", [] { quantile_of_sorted({}, 0.5); });
}

}  // namespace
}  // namespace tessera::eval
