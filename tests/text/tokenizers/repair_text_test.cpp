#include "text/tokenizers/repair_text.h"

#include <gtest/gtest.h>

#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

struct Row {
  std::u32string text;
  std::u32string expected;
};

TEST(RepairText, EachStep) {
  for (const Row& row : std::vector<Row>{
           {U"", U""},
           {U"plain text", U"plain text"},
           {U"\u201Chere\u2019s a \u2018test\u2019\u201D", U"\"here's a 'test'\""},
           {U"\uFB02u\uFB03e\uFB06 \u01C4 \u0149", U"fluffiest D\u017D 'n"},
           {U"\uFF2C\uFF2F\uFF35\uFF24\u3000\uFF01", U"LOUD !"},
           {U"\uFF8A\uFF9F", U"\u30D1"},  // half-width ha and its mark, joined by NFC
           {U"a\r\nb\rc\u2028d\u2029e", U"a\nb\nc\nd\ne"},
           {U"\x1B[36;44mblue\x1B[0m \x1B[", U"blue ["},
           {std::u32string(U"a\0b\x08\x0B\x7F\uFEFF\u206A\uFFFC", 9), U"ab"},
           {U"a\tb\fc\u200Bd", U"a\tb\fc\u200Bd"},  // these are wanted
           {U"e\u0301", U"\u00E9"},
           {U"\u00BD \u00B2 \u2460", U"\u00BD \u00B2 \u2460"},  // NFC, not NFKC
           {U"caf\u00C3\u00A9", U"caf\u00E9"},
           {U"\x85", U"\u2026"},
           {U"&eacute;", U"\u00E9"},
       }) {
    EXPECT_EQ(utf8(repair_text(row.text)), utf8(row.expected));
  }
}

TEST(RepairText, StepsRepeatUntilNothingChanges) {
  EXPECT_EQ(repair_text(U"&amp;amp;lt;"), U"<");
  EXPECT_EQ(repair_text(U"&acirc;&#8364;&oelig;"), U"\"") << "HTML of a wrongly decoded quote";
}

TEST(RepairText, NoReferencesFromTheLineWithAnAngleBracketOn) {
  EXPECT_EQ(repair_text(U"&eacute;\n<b>&eacute;</b>\n&eacute;"),
            U"\u00E9\n<b>&eacute;</b>\n&eacute;");
}

TEST(RepairText, LinesAreJudgedByThemselves) {
  EXPECT_EQ(repair_text(U"\u00C3\u00A9t\u00C3\u00A9\n\u718A\u00E9"),
            U"\u00E9t\u00E9\n\u718A\u00E9");
}

}  // namespace
}  // namespace tessera::text
