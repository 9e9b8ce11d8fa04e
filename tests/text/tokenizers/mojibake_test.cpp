// Text that was decoded wrongly is made here by decoding its UTF-8 wrongly, and must come back.

#include "text/tokenizers/mojibake.h"

#include <gtest/gtest.h>

#include "text/tokenizers/code_pages.h"
#include "text/tokenizers/mojibake_rules.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

/// The UTF-8 of `text`, byte by byte as characters of a page.
std::u32string misread(std::u32string_view text, const CodePageRow& page) {
  std::u32string out;
  for (const char byte : utf8(text)) out += decoded(page, static_cast<unsigned char>(byte));
  return out;
}

void expect_comes_back(std::u32string_view text, const CodePageRow& page) {
  const std::u32string wrong = misread(text, page);
  EXPECT_TRUE(looks_wrongly_decoded(wrong)) << page.name << " " << utf8(text);
  EXPECT_EQ(utf8(fix_encoding(wrong)), utf8(text)) << page.name;
}

TEST(Mojibake, ComesBackFromEveryEncoding) {
  for (const CodePageRow& page : kCodePages) {
    expect_comes_back(U"\u201Ccurly quotes\u201D \u2014 and dashes\u2026", page);
  }
  for (std::size_t western = 0; western < 2; ++western) {
    const CodePageRow& page = kCodePages.at(western);
    expect_comes_back(U"\u041F\u0440\u0438\u0432\u0435\u0442, \u043C\u0438\u0440", page);
    expect_comes_back(U"\u65E5\u672C\u8A9E\u306E\u30C6\u30AD\u30B9\u30C8", page);
    expect_comes_back(U"smile \U0001F642 please", page);
  }
}

TEST(Mojibake, WhatCouldBeMeantStays) {
  const std::u32string wrong = misread(U"smile \U0001F642", kCodePages[2]);  // Cyrillic letters
  EXPECT_FALSE(looks_wrongly_decoded(wrong));
  EXPECT_EQ(fix_encoding(wrong), wrong);
}

TEST(Mojibake, ComesBackFromTwoLayers) {
  const std::u32string text = U"\u201Ccaf\u00E9\u201D";
  const std::u32string once = misread(text, kCodePages[1]);
  EXPECT_EQ(fix_encoding(misread(once, kCodePages[1])), text);
}

TEST(Mojibake, GoodTextStays) {
  for (const std::u32string_view text :
       {U"plain",
        U"caf\u00E9 \u2014 na\u00EFve",
        U"\u00BFD\u00F3nde est\u00E1?",
        U"\u0395\u03BB\u03BB\u03B7\u03BD\u03B9\u03BA\u03AC",
        U"Stra\u00DFe gr\u00F6\u00DFer",
        U"\u041F\u0440\u0438\u0432\u0435\u0442, \u041C\u0418\u0420!",
        U"5 \u00B5m \u00B1 2 \u00B0C",
        U"\u00D6_\u00F6"}) {
    EXPECT_FALSE(looks_wrongly_decoded(text)) << utf8(text);
    EXPECT_EQ(fix_encoding(text), text);
  }
}

TEST(Mojibake, OneBadRunInGoodText) {
  // é as Ã© beside a character that no page has: only the run is read again
  EXPECT_EQ(fix_encoding(U"\u718A caf\u00C3\u00A9"), U"\u718A caf\u00E9");
  EXPECT_EQ(fix_encoding(U"\u718A \u00E2\u20AC\u0153quoted\u00E2\u20AC\u009D"),
            U"\u718A \u201Cquoted\u201D");
}

TEST(Mojibake, NoRunIsTakenOutOfALongerGarble) {
  // behind a character that UTF-8 goes on with, Ã© may be the end of something else
  EXPECT_EQ(fix_encoding(U"\u718A x\u00A9\u00C3\u00A9y \u00C3\u00A9"),
            U"\u718A x\u00A9\u00C3\u00A9y \u00E9");
}

TEST(Mojibake, SpacesThatWereNoBreakSpaces) {
  EXPECT_EQ(fix_encoding(U"voil\u00C3 le travail"), U"voil\u00E0 le travail");
  EXPECT_EQ(fix_encoding(U"\u00E2\u20AC\u201D \u00C3 la mode"), U"\u2014 \u00E0 la mode");
}

TEST(Mojibake, LostBytesBecomeOneReplacement) {
  EXPECT_EQ(fix_encoding(U"\u00E2\u20AC\u0153like this\u00E2\u20AC\uFFFD"),
            U"\u201Clike this\uFFFD");
}

TEST(Mojibake, ControlsAreWindows) {
  EXPECT_EQ(fix_encoding(U"a \x93q\x94 b"), U"a \u201Cq\u201D b");
  EXPECT_EQ(fix_encoding(U"a \x81 b"), U"a \x81 b") << "which windows-1252 does not have";
}

TEST(Mojibake, SurrogatesEncodedApart) {
  // U+1F642 as CESU-8 (ED A0 BD ED B9 82) read as Latin-1
  EXPECT_EQ(fix_encoding(U"\u00ED\u00A0\u00BD\u00ED\u00B9\x82"), U"\U0001F642");
}

}  // namespace
}  // namespace tessera::text
