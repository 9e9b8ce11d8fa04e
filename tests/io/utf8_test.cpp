#include "io/utf8.h"

#include <gtest/gtest.h>

namespace tessera::io {
namespace {

// Table 3-7 of the Unicode standard: first and last of every row, and what lies just outside.
TEST(Utf8, KnowsWellFormedText) {
  for (const char* good : {"",
                           "a",
                           "\x7f",
                           "\xC2\x80",
                           "\xDF\xBF",
                           "\xE0\xA0\x80",
                           "\xED\x9F\xBF",
                           "\xEE\x80\x80",
                           "\xEF\xBF\xBF",
                           "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
    EXPECT_EQ(repaired_utf8(good), good);
  }
  for (const char* bad : {"\x80",
                          "\xC0\x80",
                          "\xC1\xBF",
                          "\xC2",
                          "\xC2"
                          "a",
                          "\xE0\x9F\xBF",
                          "\xED\xA0\x80",
                          "\xED\xBF\xBF",
                          "\xE2\x82",
                          "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80",
                          "\xFF",
                          "\xF0\x9F\x8D"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_TRUE(is_utf8(repaired_utf8(bad)));
  }
}

TEST(Utf8, RepairsByteByByte) {
  EXPECT_EQ(repaired_utf8("a\xff"
                          "b\xE2\x82"),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Utf8, ConvertsLatin1BothWays) {
  std::string all;
  for (int i = 1; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_TRUE(is_utf8(utf8_from_latin1(all)));
  EXPECT_EQ(latin1_from_utf8(utf8_from_latin1(all)), all);
  EXPECT_EQ(latin1_from_utf8("\xC4\x80"), std::nullopt);  // U+0100
  EXPECT_EQ(latin1_from_utf8("\xE2\x82\xAC"), std::nullopt);
}

}  // namespace
}  // namespace tessera::io
