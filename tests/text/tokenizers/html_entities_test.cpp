#include "text/tokenizers/html_entities.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace tessera::text {
namespace {

struct Row {
  std::u32string text;
  std::u32string expected;
};

TEST(HtmlEntities, TheTableIsWhole) {
  // HTML 5 has 2125 names with a semicolon, 106 of which also go without
  EXPECT_EQ(std::count(kHtmlEntities.begin(), kHtmlEntities.end(), ' '), 2124);
  EXPECT_EQ(std::count(kHtmlEntities.begin(), kHtmlEntities.end(), '='), 106);
}

TEST(HtmlEntities, AsABrowserReadsThem) {
  for (const Row& row : std::vector<Row>{
           {U"&lt;b&gt; &amp;amp; x", U"<b> &amp; x"},
           {U"&eacute;&Eacute;", U"\u00E9\u00C9"},
           {U"&notit; &notin; &copy", U"\u00ACit; \u2209 \u00A9"},  // the longest known begin
           {U"&NotEqualTilde;", U"\u2242\u0338"},                   // two characters
           {U"&CounterClockwiseContourIntegral;", U"\u2233"},       // the longest name
           {U"&#233;&#xE9;&#XE9;&#233", U"\u00E9\u00E9\u00E9\u00E9"},
           {U"&#128;&#x85;&#150;", U"\u20AC\u2026\u2013"},  // windows-1252
           {U"&#0;&#xD800;&#1114112;&#99999999999999999999;", U"\uFFFD\uFFFD\uFFFD\uFFFD"},
           {U"a&#1;&#x7F;&#xFFFE;&#xFDD0;&#11;b", U"ab"},  // no characters
           {U"&#9;&#10;&#13;", U"\t\n\r"},
           {U"& &; &# &#; &#x; &#xg; &nosuch; &", U"& &; &# &#; &#x; &#xg; &nosuch; &"},
           {U"&EACUTE;", U"&EACUTE;"},
       }) {
    EXPECT_EQ(unescape_html(row.text), row.expected);
  }
}

TEST(HtmlEntities, OnlyWhatIsPlainlyMeant) {
  for (const Row& row : std::vector<Row>{
           {U"&lt;tag&gt; &eacute;", U"<tag> \u00E9"},
           {U"this&not that &copy", U"this&not that &copy"},
           {U"P&EACUTE;REZ STRA&SZLIG;E", U"P\u00C9REZ STRASSE"},
           {U"&ntilde; &Ntilde; &NTILDE; &nTILDE;", U"\u00F1 \u00D1 \u00D1 &nTILDE;"},
           {U"&LT; &GTDOT;", U"< &GTDOT;"},  // "&GT" is a name, so the capitals are not taken apart
           {U"&#233; &#233 &#59; &#12AB;", U"\u00E9 &#233 &#59; &#12AB;"},
           {U"&CounterClockwiseContourIntegral;", U"&CounterClockwiseContourIntegral;"},
           {U"&#128;", U"\u20AC"},
       }) {
    EXPECT_EQ(unescape_plain_html(row.text), row.expected);
  }
}

}  // namespace
}  // namespace tessera::text
