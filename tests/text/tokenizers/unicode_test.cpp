#include "text/tokenizers/unicode.h"

#include <gtest/gtest.h>

namespace tessera::text {
namespace {

TEST(Unicode, Utf8GoesThereAndBack) {
  const std::string all = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x99\x82";
  EXPECT_EQ(code_points(all), U"a\u00E9\u20AC\U0001F642");
  EXPECT_EQ(utf8(code_points(all)), all);
  EXPECT_EQ(code_points(std::string("a\0b", 3)), std::u32string(U"a\0b", 3));
}

TEST(Unicode, BadBytesBecomeReplacements) {
  EXPECT_EQ(code_points("a\xFFz"), U"a\uFFFDz");
  EXPECT_EQ(code_points("\xC3"), U"\uFFFD");
  EXPECT_EQ(code_points("\xED\xA0\xBD"), U"\uFFFD\uFFFD\uFFFD") << "half a surrogate pair";
  EXPECT_EQ(code_points("\xED\xA0\xBD\xED\xB9\x82"), U"\U0001F642") << "a pair encoded apart";
  EXPECT_EQ(code_points("\xED\xB9\x82\xED\xA0\xBD").size(), 6u) << "in the wrong order";
}

TEST(Unicode, Classes) {
  EXPECT_TRUE(is_letter(U'\u00E9') && is_letter(U'\u718A') && is_letter(U'\u02B0'));
  EXPECT_FALSE(is_letter(U'1') || is_letter(U'_') || is_letter(U'\u0301'));
  EXPECT_TRUE(is_number(U'7') && is_number(U'\u00BD') && is_number(U'\u2167'));
  EXPECT_FALSE(is_number(U'a'));
  EXPECT_TRUE(is_space(U'\u00A0') && is_space(U'\u3000') && is_space(U'\n'));
  EXPECT_FALSE(is_space(U'\u200B') || is_space(U'\u180E') || is_space(U'\x1C'));
}

TEST(Unicode, LowerCase) {
  EXPECT_EQ(lower_case(U"UPPER \u00C9\u0416"), U"upper \u00E9\u0436");
  EXPECT_EQ(lower_case(U"\u0130stanbul"), U"i\u0307stanbul") << "as two characters";
  EXPECT_EQ(lower_case(U"\u1E9E\u2126\u212A"), U"\u00DF\u03C9k");
}

TEST(Unicode, FinalSigma) {
  // ΣΊΣΥΦΟΣ: first and middle small sigma, final sigma at the end
  EXPECT_EQ(lower_case(U"\u03A3\u038A\u03A3\u03A5\u03A6\u039F\u03A3"),
            U"\u03C3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C2");
  EXPECT_EQ(lower_case(U"\u03A3"), U"\u03C3") << "alone it ends no word";
  EXPECT_EQ(lower_case(U"\u0391\u03A3."), U"\u03B1\u03C2.") << "punctuation is passed over";
  EXPECT_EQ(lower_case(U"\u0391\u03A3.\u0391"), U"\u03B1\u03C3.\u03B1") << "to the next letter";
  EXPECT_EQ(lower_case(U"\u0391\u03A3", FinalSigma::kNever), U"\u03B1\u03C3");
}

TEST(Unicode, UpperCaseAndForms) {
  EXPECT_EQ(upper_case(U"\u00DF\u0149\uFB03\u00E9"), U"SS\u02BCNFFI\u00C9");
  EXPECT_EQ(nfc(U"e\u0301"), U"\u00E9");
  EXPECT_EQ(nfc(U"\u00BD"), U"\u00BD");
  EXPECT_EQ(nfkc(U"\u00BD\uFF21"), U"1\u20442A");
}

}  // namespace
}  // namespace tessera::text
