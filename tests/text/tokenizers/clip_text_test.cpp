#include "text/tokenizers/clip_text.h"

#include <gtest/gtest.h>

#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

std::vector<std::string> pieces(std::u32string_view text) {
  std::vector<std::string> all;
  for (const ClipPiece& piece : split_clip_text(text)) {
    EXPECT_EQ(text.substr(piece.begin, piece.text.size()), piece.text);
    all.push_back((piece.special ? "*" : "") + utf8(piece.text));
  }
  return all;
}

std::string clean(const std::string& prompt, ClipCleaning cleaning = ClipCleaning::kOpenAi) {
  return utf8(clean_clip_text(prompt, cleaning));
}

using Words = std::vector<std::string>;

TEST(ClipText, Pieces) {
  EXPECT_EQ(pieces(U""), Words{});
  EXPECT_EQ(pieces(U"it's 2022: don't-panic!!"),
            (Words{"it", "'s", "2", "0", "2", "2", ":", "don", "'t", "-", "panic", "!!"}));
  EXPECT_EQ(pieces(U"i'd we'll they've you're i'm"),
            (Words{"i", "'d", "we", "'ll", "they", "'ve", "you", "'re", "i", "'m"}));
  EXPECT_EQ(pieces(U"a_b x2y"), (Words{"a", "_", "b", "x", "2", "y"}));
  EXPECT_EQ(pieces(U"'xyz '' \u00BDk"), (Words{"'", "xyz", "''", "\xC2\xBD", "k"}));
}

TEST(ClipText, SpecialTokens) {
  EXPECT_EQ(pieces(U"hello<|endoftext|>world<|startoftext|>"),
            (Words{"hello", "*<|endoftext|>", "world", "*<|startoftext|>"}));
  EXPECT_EQ(pieces(U"!<|endoftext|>"), (Words{"!<|", "endoftext", "|>"}))
      << "inside a run of other characters it is none";
  EXPECT_EQ(pieces(U"<|\u017Ftartoftext|>"), (Words{"<|\xC5\xBFtartoftext|>"}))
      << "fits the pattern without regard to case, but has no id";
}

TEST(ClipText, Cleaning) {
  EXPECT_EQ(clean("  UPPER   Case\t\n x "), "upper case x");
  EXPECT_EQ(clean("&lt;b&gt; &amp;amp; x"), "<b> & x");
  EXPECT_EQ(clean("<i> &amp;lt;"), "<i> <") << "twice by HTML, though the repair leaves it";
  EXPECT_EQ(clean("caf\xC3\x83\xC2\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(clean(std::string("a\0b", 3)), "ab");
  EXPECT_EQ(clean("a\xFF"), "a\xEF\xBF\xBD");
}

TEST(ClipText, OtherCleanings) {
  const std::string wrong = "\xC3\xA2\xE2\x82\xAC\xC5\x93q CAF\xC3\x83\xC2\xA9";  // “q CAFé misread
  EXPECT_EQ(clean(wrong), "\"q caf\xC3\xA9");
  EXPECT_EQ(clean(wrong, ClipCleaning::kLowerCaseBefore), "\"q caf\xC3\xA3\xC2\xA9")
      << "a small a with tilde no longer looks wrong";
  EXPECT_EQ(clean(" A&amp;B\xE3\x80\x80\xE2\x80\x9C ", ClipCleaning::kHuggingFace),
            "a&amp;b \xE2\x80\x9C");
}

}  // namespace
}  // namespace tessera::text
