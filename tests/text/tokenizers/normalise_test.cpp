#include "text/tokenizers/normalise.h"

#include <gtest/gtest.h>

namespace tessera::text {
namespace {

TEST(Normalise, PlainTextStays) {
  EXPECT_EQ(normalise("a red apple"), "a red apple");
  EXPECT_EQ(normalise(""), "");
  EXPECT_EQ(normalise("caf\xC3\xA9"), "caf\xC3\xA9");
}

TEST(Normalise, CompatibilityFormsBecomePlain) {
  EXPECT_EQ(normalise("\xEF\xBC\xA1\xEF\xBD\x82"), "Ab");  // full-width A b
  EXPECT_EQ(normalise("\xEF\xAC\x81sh"), "fish");          // ligature fi
  EXPECT_EQ(normalise("cafe\xCC\x81"), "caf\xC3\xA9");     // combining acute
}

TEST(Normalise, BadBytesAndControls) {
  EXPECT_EQ(normalise("a\xFF"
                      "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(normalise("\xED\xA0\x80").find("\xED"), std::string::npos);  // a surrogate
  EXPECT_EQ(normalise("red\napple"), "red apple");
  EXPECT_EQ(normalise(std::string("a\0b\x01"
                                  "c",
                                  5)),
            "abc");
}

}  // namespace
}  // namespace tessera::text
