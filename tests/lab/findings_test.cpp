#include "lab/findings.h"

#include <limits>

#include "tests/support/expect_error.h"

namespace tessera::lab {
namespace {

TEST(Row, HoldsWithinItsTolerance) {
  EXPECT_TRUE((Row{"a", 1.01, 1.0, 0.02}.holds()));
  EXPECT_FALSE((Row{"a", 1.03, 1.0, 0.02}.holds()));
  EXPECT_FALSE((Row{"a", 0.97, 1.0, 0.02}.holds()));
}

TEST(Row, BoundsLookAtOneSide) {
  EXPECT_TRUE((Row{"a", 0.5, 1.0, 0.0, Relation::kAtMost}.holds()));
  EXPECT_FALSE((Row{"a", 1.5, 1.0, 0.1, Relation::kAtMost}.holds()));
  EXPECT_TRUE((Row{"a", 1.5, 1.0, 0.0, Relation::kAtLeast}.holds()));
  EXPECT_FALSE((Row{"a", 0.5, 1.0, 0.1, Relation::kAtLeast}.holds()));
}

TEST(Row, NumbersThatAreNotFiniteNeverHold) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  EXPECT_FALSE((Row{"a", kNan, 1.0, 5.0}.holds()));
  EXPECT_FALSE((Row{"a", 1.0, kNan, 5.0}.holds()));
  EXPECT_FALSE((Row{"a", 1.0, 1.0, kNan}.holds()));
  EXPECT_FALSE((Row{"a", kInfinite, 1.0, 5.0, Relation::kAtLeast}.holds()));
}

TEST(Findings, NothingComparedIsNotHolding) {
  Findings findings;
  EXPECT_FALSE(findings.hold());
  findings.equal("a", 1, 1, 0);
  EXPECT_TRUE(findings.hold());
  findings.at_most("b", 2, 1);
  EXPECT_FALSE(findings.hold());
}

TEST(Findings, AnEstimateMayBeSoManyErrorsAway) {
  Findings findings;
  findings.near("a", {.value = 1.4, .standard_error = 0.1}, 1.0);
  EXPECT_TRUE(findings.hold());
  findings.near("b", {.value = 1.4, .standard_error = 0.1}, 1.0, 3.0);
  EXPECT_FALSE(findings.hold());
}

TEST(Table, ColumnsMustFit) {
  const Table table = Table::of_columns("t", "T", {"a", "b"}, {{1, 2, 3}, {4, 5, 6}});
  ASSERT_EQ(table.rows.size(), 3u);
  EXPECT_EQ(std::get<double>(table.rows[2][1]), 6);
  test::expect_error(ErrorCode::kInvalidArgument, "2 columns", [] {
    Table::of_columns("t", "T", {"a"}, {{1}, {2}});
  });
  test::expect_error(ErrorCode::kInvalidArgument, "beside one of 1", [] {
    Table::of_columns("t", "T", {"a", "b"}, {{1}, {2, 3}});
  });
}

}  // namespace
}  // namespace tessera::lab
