#include "data/scenes/prompts/prompt_reader.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/scenes/prompts/lexicon.h"
#include "data/scenes/prompts/prompt_words.h"
#include "tests/data/scenes/fixtures.h"

namespace tessera::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const PromptReader& whole_world() {
  static const auto reader = make_prompt_reader({});
  return *reader;
}

const PromptReader& starter() {
  static const auto reader = make_prompt_reader(starter_world());
  return *reader;
}

std::string caption(const std::string& prompt) {
  return whole_world().read(prompt).caption;
}

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (const PromptWord& word : prompt_words(text)) {
    words.push_back((word.after_pause ? "|" : "") + word.text);
  }
  return words;
}

TEST(PromptWords, AreLowerCaseWithoutPunctuation) {
  EXPECT_THAT(words_of("A  Red-Apple,  please!"), ElementsAre("a", "red", "apple", "|please"));
  EXPECT_THAT(words_of("the dog's tail"), ElementsAre("the", "dog", "tail"));
  EXPECT_THAT(words_of("jack-o'-lantern"), ElementsAre("jack", "o", "lantern"));
  EXPECT_THAT(words_of("don\xE2\x80\x99t \xE2\x80\x9Csay\xE2\x80\x9D"),
              ElementsAre("dont", "|say"));
  EXPECT_THAT(words_of("\xF0\x9F\x8D\x8E"
                       "on"),
              ElementsAre("\xF0\x9F\x8D\x8E", "on"));
  EXPECT_THAT(words_of("\xE2\x98\x82\xEF\xB8\x8F"), ElementsAre("\xE2\x98\x82"));
  EXPECT_THAT(words_of("caf\xC3\xA9 \xFF\xC3"), ElementsAre("caf\xC3\xA9", "\xFF\xC3"));
  EXPECT_THAT(words_of(" \n,.; "), IsEmpty());
}

TEST(PromptReader, LeavesEveryCaptionAsItIs) {
  for (const char* split : {"all", "heldout:wording"}) {
    const auto scenes = open_scenes(atlas_path(), {.split = split});
    for (const std::string& said : scenes->captions(first_indices(6000))) {
      const PromptReading reading = whole_world().read(said);
      ASSERT_EQ(reading.caption, said);
      ASSERT_THAT(reading.notes, IsEmpty()) << said;
      ASSERT_THAT(reading.strange, IsEmpty()) << said;
    }
  }
  SceneOptions options = starter_world();
  options.split = "all";
  const auto scenes = open_scenes(atlas_path(), options);
  for (const std::string& said : scenes->captions(first_indices(4000))) {
    ASSERT_EQ(starter().read(said).caption, said);
  }
}

/// Rows of tests/data/prompts.tsv: prompt and caption.
std::vector<std::pair<std::string, std::string>> recorded() {
  std::ifstream file(TESSERA_SOURCE_DIR "/tests/data/prompts.tsv");
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream fields(line);
    std::string prompt;
    std::string said;
    std::getline(fields, prompt, '\t');
    std::getline(fields, said, '\t');
    rows.emplace_back(prompt, said);
  }
  return rows;
}

TEST(PromptReader, ReadsWhatPeopleWrite) {
  const auto rows = recorded();
  ASSERT_EQ(rows.size(), 90U);
  const std::vector<std::string> known = scene_vocabulary({});
  for (const auto& [prompt, said] : rows) {
    EXPECT_EQ(caption(prompt), said) << prompt;
    EXPECT_EQ(caption(said), said) << "its own caption is read again";
    for (const std::string& word : words_of(said)) {
      EXPECT_TRUE(std::ranges::binary_search(known, word.front() == '|' ? word.substr(1) : word))
          << word;
    }
  }
  for (std::size_t k = 0; k < 60; ++k) {  // these need the starter world alone
    EXPECT_EQ(starter().read(rows[k].first).caption, rows[k].second) << rows[k].first;
  }
}

TEST(PromptReader, NamesWhatItPassesOver) {
  const PromptReading reading = whole_world().read("a zorgle aple on a sparkly red car, zorgle");
  EXPECT_EQ(reading.caption, "a red car");
  ASSERT_EQ(reading.strange.size(), 3U);
  EXPECT_EQ(reading.strange[0].word, "zorgle");
  EXPECT_EQ(reading.strange[1].word, "aple");
  EXPECT_EQ(reading.strange[1].meant, "apple");
  EXPECT_EQ(reading.strange[2].word, "sparkly");
}

TEST(PromptReader, AColourOfAnUnknownThingIsNotGivenToAnother) {
  EXPECT_EQ(caption("a car and a red zorgle"), "a car");
  EXPECT_EQ(starter().read("a car and a red unicorn").caption, "a car");
  EXPECT_EQ(starter().read("a car and a red unicorn").strange[0].word, "unicorn");
  EXPECT_FALSE(starter().read("a cat").strange[0].meant.has_value()) << "it is no misspelt car";
}

TEST(PromptReader, GuessesOnlyWhatIsNear) {
  const auto guess = [](const std::string& word) {
    return whole_world().read(word).strange.at(0).meant;
  };
  EXPECT_EQ(guess("ballon"), "balloon");
  EXPECT_EQ(guess("umberlla"), "umbrella");
  EXPECT_FALSE(guess("hello").has_value()) << "two edits from bell";
  EXPECT_FALSE(guess("flying").has_value()) << "a word of \"flying saucer\", but no misspelling";
}

TEST(PromptReader, AThingThatIsUnknownIsNoPlaceInThePicture) {
  EXPECT_EQ(starter().read("a bird above a house").caption, "a bird");
  EXPECT_EQ(starter().read("a bird above").caption, "a bird at the top");
}

TEST(PromptReader, SaysWhatTheWorldCannotShow) {
  const PromptReading many = starter().read("three huge apples on a beach");
  EXPECT_EQ(many.caption, "an apple");
  EXPECT_THAT(many.notes,
              ElementsAre(HasSubstr("large"), HasSubstr("one apple"), HasSubstr("beach")));
  EXPECT_THAT(starter().read("a black car").notes, ElementsAre(HasSubstr("\"black\"")));
  EXPECT_EQ(starter().read("a black car").caption, "a car");
  const PromptReading own = whole_world().read("a red dog");
  EXPECT_EQ(own.caption, "a dog");
  EXPECT_THAT(own.notes, ElementsAre(HasSubstr("own colours")));
  EXPECT_EQ(starter().read("a car, a bus and a key").caption, "a car to the left of a bus");
  EXPECT_THAT(starter().read("a car, a bus and a key").notes, ElementsAre(HasSubstr("key")));
  EXPECT_EQ(whole_world().read("ten cats").caption, "six cats");
  EXPECT_EQ(whole_world().read("a red car in the sea on blue").caption, "a red car on the sea");
}

TEST(PromptReader, NothingToDrawIsNoCaption) {
  for (const char* prompt : {"", "   ", "hello there", "blue background", "red", "no apple", "7"}) {
    EXPECT_EQ(caption(prompt), "") << prompt;
  }
}

TEST(PromptReader, ReadsAnythingInShortTime) {
  std::string long_prompt;
  for (int k = 0; k < 20'000; ++k) long_prompt += "a red car left of \xFF\xF0\x9F a, no ";
  EXPECT_THAT(caption(long_prompt), HasSubstr("car"));
  std::uint32_t state = 1;
  for (int k = 0; k < 300; ++k) {
    std::string bytes;
    for (int j = 0; j < 200; ++j) {
      state = state * 1664525U + 1013904223U;
      bytes += static_cast<char>(state >> 24);
    }
    whole_world().read(bytes);
  }
}

/// Prompts of random terms: whatever is read is a caption that reads as itself.
TEST(PromptReader, ReadsItsOwnCaptionsTheSame) {
  const std::vector<std::string> parts{
      "a",     "red", "blue",    "car",    "two",  "apples",     "left of", "above",
      ",",     "and", "tiny",    "on",     "with", "background", "dog",     "top left",
      "beach", "no",  "next to", "zorgle", "it",   "under it",   "big",     "cats"};
  std::uint32_t state = 7;
  for (int k = 0; k < 20'000; ++k) {
    std::string prompt;
    for (int j = 0; j < 9; ++j) {
      state = state * 1664525U + 1013904223U;
      prompt += parts[(state >> 16) % parts.size()] + " ";
    }
    for (const PromptReader* reader : {&whole_world(), &starter()}) {
      const std::string said = reader->read(prompt).caption;
      ASSERT_EQ(reader->read(said).caption, said) << prompt;
    }
  }
}

TEST(Lexicon, EverySynonymMeansANounOfTheTableAndNoOther) {
  const Lexicon lexicon(make_world({}));
  for (const Noun& noun : nouns()) {
    for (const std::string_view form : {noun.name, noun.plural}) {
      const std::vector<Term> terms = lexicon.terms(form);
      ASSERT_EQ(terms.size(), 1U) << form;
      EXPECT_EQ(terms[0].part, Part::kNoun) << form;
      EXPECT_EQ(terms[0].text, noun.name);
    }
    const std::vector<Term> emoji = lexicon.terms(utf8_of(static_cast<char32_t>(noun.code_point)));
    ASSERT_EQ(emoji.size(), 1U) << noun.name;
    EXPECT_EQ(emoji[0].text, noun.name);
  }
}

}  // namespace
}  // namespace tessera::data
