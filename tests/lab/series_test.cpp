#include "lab/series.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

TEST(Series, EndsAreIncluded) {
  EXPECT_EQ(spaced(0, 1, 3), (std::vector<double>{0, 0.5, 1}));
  const auto powers = geometric(1, 100, 3);
  EXPECT_NEAR(powers[1], 10, 1e-12);
  EXPECT_EQ(counted(3), (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(numbers_of(tensor_of({1, 2})), (std::vector<double>{1, 2}));
}

TEST(Series, IntegralsOfKnownFunctions) {
  EXPECT_NEAR(integral([](double x) { return x * x; }, 0, 3, 1), 9, 1e-13);
  EXPECT_NEAR(integral([](double x) { return std::exp(-0.5 * x * x); }, -10, 10),
              std::sqrt(2 * std::numbers::pi),
              1e-13);
}

}  // namespace
}  // namespace tessera::lab
