#include "data/order.h"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::data {
namespace {

TEST(Order, EveryEpochShowsEverySampleOnce) {
  for (const std::int64_t samples : {1, 2, 3, 4, 5, 7, 16, 17, 100, 1000, 1025}) {
    for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
      std::set<std::int64_t> seen;
      for (std::int64_t i = 0; i < samples; ++i) {
        seen.insert(shuffled({.samples = samples, .seed = 5}, epoch, i));
      }
      EXPECT_EQ(static_cast<std::int64_t>(seen.size()), samples);
      EXPECT_EQ(*seen.begin(), 0);
      EXPECT_EQ(*seen.rbegin(), samples - 1);
    }
  }
}

TEST(Order, SeedsAndEpochsDiffer) {
  const auto row = [](std::uint64_t seed, std::int64_t epoch) {
    std::vector<std::int64_t> out;
    for (std::int64_t i = 0; i < 50; ++i)
      out.push_back(shuffled({.samples = 50, .seed = seed}, epoch, i));
    return out;
  };
  const std::set<std::vector<std::int64_t>> rows = {
      row(0, 0), row(0, 1), row(1, 0), row(1ULL << 40, 0)};
  EXPECT_EQ(rows.size(), 4U);
}

// Chi-square over the 5 x 5 table (position, sample), 16 degrees of freedom: 99.99 % lie below 45.
TEST(Order, EverySampleStandsAnywhereEquallyOften) {
  constexpr std::int64_t kEpochs = 5000;
  std::map<std::pair<std::int64_t, std::int64_t>, double> count;
  std::map<std::pair<std::int64_t, std::int64_t>, double> pairs;  // what follows what
  for (std::int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    std::vector<std::int64_t> row;
    for (std::int64_t i = 0; i < 5; ++i)
      row.push_back(shuffled({.samples = 5, .seed = 9}, epoch, i));
    for (std::int64_t i = 0; i < 5; ++i) ++count[{i, row[static_cast<std::size_t>(i)]}];
    ++pairs[{row[0], row[1]}];
  }
  double square = 0;
  for (const auto& item : count) square += (item.second - 1000) * (item.second - 1000) / 1000;
  EXPECT_EQ(count.size(), 25U);
  EXPECT_LT(square, 45);
  double pair_square = 0;  // 20 ordered pairs, 19 degrees of freedom: 99.99 % lie below 51
  for (const auto& item : pairs) pair_square += (item.second - 250) * (item.second - 250) / 250;
  EXPECT_EQ(pairs.size(), 20U);
  EXPECT_LT(pair_square, 51);
}

TEST(Order, StepsCutTheEndlessRowOfEpochs) {
  const OrderOptions order{.samples = 10, .batch = 4, .seed = 3};
  std::vector<std::int64_t> row;
  for (std::int64_t step = 1; step <= 5; ++step) {
    for (const std::int64_t index : indices_of_step(order, step)) row.push_back(index);
  }
  ASSERT_EQ(row.size(), 20U);
  for (std::int64_t place = 0; place < 20; ++place) {
    EXPECT_EQ(row[static_cast<std::size_t>(place)], shuffled(order, place / 10, place % 10));
  }
  const auto twice =
      indices_of_step({.samples = 10, .batch = 8, .seed = 3}, 1);  // any batch, one row
  EXPECT_TRUE(std::equal(twice.begin(), twice.end(), row.begin()));
}

TEST(Order, HugeSetsCostNothing) {
  const OrderOptions order{.samples = std::int64_t{1} << 62, .batch = 3};
  for (const std::int64_t index : indices_of_step(order, 1'000'000'000'000)) {
    EXPECT_GE(index, 0);
    EXPECT_LT(index, order.samples);
  }
}

// The order of recorded runs must never change.
TEST(Order, IsTheRecordedOne) {
  std::vector<std::int64_t> row;
  for (std::int64_t i = 0; i < 8; ++i) row.push_back(shuffled({.samples = 8, .seed = 1}, 0, i));
  EXPECT_EQ(row, (std::vector<std::int64_t>{3, 4, 2, 0, 6, 1, 5, 7}));
}

TEST(Order, RefusesWhatIsOutOfRange) {
  const auto code = ErrorCode::kInvalidArgument;
  test::expect_error(code, "samples", [] { indices_of_step({.samples = 0}, 1); });
  test::expect_error(code, "batch", [] { indices_of_step({.samples = 1, .batch = 0}, 1); });
  test::expect_error(code, "count from 1", [] { indices_of_step({.samples = 1}, 0); });
  test::expect_error(code, "position", [] { shuffled({.samples = 3}, 0, 3); });
}

}  // namespace
}  // namespace tessera::data
