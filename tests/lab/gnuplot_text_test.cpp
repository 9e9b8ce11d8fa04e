#include "lab/gnuplot_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace tessera::lab {
namespace {

TEST(GnuplotText, KeepsSubscriptsAndEscapesTheRest) {
  EXPECT_EQ(gnuplot_text("x_t and x_{t-1}"), "'x_{t} and x_{t-1}'");
  EXPECT_EQ(gnuplot_text("σ^2"), "'σ^{2}'");
  EXPECT_EQ(gnuplot_text("x_θ"), "'x_{θ}'");
  EXPECT_EQ(gnuplot_text("a_ b"), "'a\\_ b'");
  EXPECT_EQ(gnuplot_text("end_"), "'end\\_'");
  EXPECT_EQ(gnuplot_text("{a}~@&\\"), "'\\{a\\}\\~\\@\\&\\\\'");
  EXPECT_EQ(gnuplot_text("open_{x"), "'open\\_\\{x'");
}

TEST(GnuplotText, NothingLeavesTheQuotes) {
  EXPECT_EQ(gnuplot_text("it's"), "'it’s'");
  EXPECT_EQ(gnuplot_text("'\n!touch x\n'"), "'’ !touch x ’'");
  EXPECT_EQ(gnuplot_text("x_'"), "'x_{’}'");
  EXPECT_EQ(gnuplot_text("`date`"), "'`date`'");  // single quotes do not run it
}

TEST(GnuplotNumber, NineDigits) {
  EXPECT_EQ(gnuplot_number(0.1), "0.1");
  EXPECT_EQ(gnuplot_number(1.0 / 3.0), "0.333333333");
  EXPECT_EQ(gnuplot_number(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(gnuplot_number(std::numeric_limits<double>::infinity()), "NaN");
}

}  // namespace
}  // namespace tessera::lab
