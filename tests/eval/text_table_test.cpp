#include "eval/text_table.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

TEST(TextTable, LinesUpCharactersNotBytes) {
  TextTable table({"Maß", "%"});
  table.add({"a", "1.5 … 2"});
  table.add({"größer", "–"});
  EXPECT_EQ(table.text(),
            "Maß           %\n"
            "──────  ───────\n"
            "a       1.5 … 2\n"
            "größer        –\n");
  test::expect_error(ErrorCode::kShapeMismatch, "2 cells, got 1", [&] { table.add({"x"}); });
}

}  // namespace
}  // namespace tessera::eval
