#include "engine/strange_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::engine {
namespace {

const std::vector<std::string> kVocabulary = {
    "a", "apple", "background", "berry", "blue", "box", "car", "on", "red", "teddy"};

std::vector<std::string> strange(const std::string& prompt) {
  std::vector<std::string> words;
  for (const StrangeWord& word : strange_words(prompt, kVocabulary)) {
    words.push_back(word.word + (word.meant ? "=" + *word.meant : ""));
  }
  return words;
}

TEST(StrangeWords, CapitalsPunctuationAndPluralsDoNotMatter) {
  EXPECT_THAT(strange("A RED Apple, on (a) blue background!"), ::testing::IsEmpty());
  EXPECT_THAT(strange("apples, boxes, berries"), ::testing::IsEmpty());
  EXPECT_THAT(strange(""), ::testing::IsEmpty());
  EXPECT_THAT(strange("?!"), ::testing::IsEmpty());
}

TEST(StrangeWords, NamesEachOnceWithWhatMayBeMeant) {
  EXPECT_THAT(strange("a unicorn, a Unicorn and an aple"),
              ::testing::ElementsAre("unicorn", "and", "an", "aple=apple"));
  EXPECT_THAT(strange("\xE7\x8C\xAB"), ::testing::ElementsAre("\xE7\x8C\xAB"));
}

TEST(StrangeWords, ManyWordsTakeNoTime) {
  std::string prompt;
  for (int i = 0; i < 10'000; ++i) prompt += "word" + std::to_string(i) + " ";
  EXPECT_EQ(strange(prompt).size(), 10'000u);
}

}  // namespace
}  // namespace tessera::engine
