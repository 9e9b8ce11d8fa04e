#include "text/tokenizers/code_pages.h"

#include <gtest/gtest.h>

namespace tessera::text {
namespace {

const CodePageRow& page(std::string_view name) {
  for (const CodePageRow& row : kCodePages) {
    if (row.name == name) return row;
  }
  throw std::runtime_error("no such page");
}

TEST(CodePages, KnownBytes) {
  EXPECT_EQ(decoded(page("latin-1"), 0xE9), U'\u00E9');
  EXPECT_EQ(decoded(page("windows-1252"), 0x80), U'\u20AC');
  EXPECT_EQ(decoded(page("windows-1251"), 0xE6), U'\u0436');
  EXPECT_EQ(decoded(page("windows-1253"), 0xE1), U'\u03B1');
  EXPECT_EQ(decoded(page("macroman"), 0x8E), U'\u00E9');
  EXPECT_EQ(decoded(page("cp437"), 0x82), U'\u00E9');
  EXPECT_EQ(decoded(page("iso-8859-2"), 0xB1), U'\u0105');
}

TEST(CodePages, EveryByteComesBack) {
  for (const CodePageRow& row : kCodePages) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      const char32_t c = decoded(row, static_cast<unsigned char>(byte));
      const auto back = encoded(row, {&c, 1});
      ASSERT_TRUE(back) << row.name << " " << byte;
      EXPECT_EQ(*back, std::string(1, static_cast<char>(byte))) << row.name;
    }
  }
}

TEST(CodePages, HolesAreControlsAndSubstitutes) {
  EXPECT_EQ(decoded(page("windows-1252"), 0x81), char32_t{0x81});
  EXPECT_EQ(decoded(page("windows-1252"), 0x1A), U'\uFFFD');
  EXPECT_EQ(decoded(page("latin-1"), 0x1A), char32_t{0x1A});
  EXPECT_FALSE(encoded(page("windows-1252"), U"\u0416"));
}

TEST(CodePages, ControlsOfWindows) {
  EXPECT_EQ(windows_1252_of_control(0x93), U'\u201C');
  EXPECT_EQ(windows_1252_of_control(0x81), char32_t{0x81});
  EXPECT_EQ(windows_1252_of_control(U'\u00E9'), U'\u00E9');
  EXPECT_EQ(windows_1252_of_control(U'a'), U'a');
}

}  // namespace
}  // namespace tessera::text
