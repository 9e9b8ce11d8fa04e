#include "data/scenes/grammar.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/data/scenes/fixtures.h"

namespace tessera::data {
namespace {

struct Thing {
  std::string_view noun{};
  int colour = -1;
};

Scene scene_of(Kind kind,
               const std::vector<Thing>& things,
               int variant = 0,
               std::array<int, 4> wording = {kPhraseNone, 0, 0, 0},
               int background = 4) {
  Scene s{.kind = kind, .background = background, .variant = variant, .wording = wording};
  for (const Thing& thing : things) {
    s.objects[static_cast<std::size_t>(s.count++)] = {.noun = find_noun(thing.noun),
                                                      .colour = thing.colour};
  }
  return s;
}

TEST(Grammar, SaysEveryKind) {
  EXPECT_EQ(say_scene(scene_of(Kind::kSingle, {{"robot"}}, 0, {kPhraseOn, 0, 0, 0}, kBlack)),
            "a robot on a black background");
  EXPECT_EQ(say_scene(scene_of(Kind::kColour, {{"dress", 3}})), "a green dress");
  EXPECT_EQ(say_scene(scene_of(Kind::kColour, {{"car", 1}}, 0, {kPhraseWith, 0, 0, 0}, 1)),
            "an orange car with an orange background");
  EXPECT_EQ(say_scene(scene_of(Kind::kSize, {{"waffle"}}, 1, {kPhraseOn, 0, 1, 0}, 7)),
            "a tiny waffle on a brown background");
  EXPECT_EQ(say_scene(scene_of(Kind::kSize, {{"apple"}}, 0)), "a large apple");
  EXPECT_EQ(say_scene(scene_of(Kind::kPosition, {{"cloud"}}, 6, {kPhraseWith, 0, 0, 0}, kGray)),
            "a cloud in the bottom left corner with a gray background");
  EXPECT_EQ(say_scene(scene_of(Kind::kPosition, {{"umbrella"}}, 4)), "an umbrella in the center");
  EXPECT_EQ(
      say_scene(scene_of(
          Kind::kCount, std::vector<Thing>(6, {"sailboat", 6}), 4, {kPhraseWith, 0, 0, 0}, 0)),
      "six pink sailboats with a red background");
  EXPECT_EQ(say_scene(scene_of(Kind::kCount, {{"wolf"}, {"wolf"}}, 0, {kPhraseNone, 1, 0, 0})),
            "there are two wolves");
  const std::vector<Thing> two{{"camera"}, {"unicorn"}};
  EXPECT_EQ(say_scene(scene_of(Kind::kRelation, two, 2, {kPhraseAgainst, 0, 0, 0}, 1)),
            "a camera above a unicorn against an orange background");
  EXPECT_EQ(say_scene(scene_of(Kind::kRelation, two, 2, {kPhraseNone, 0, 0, 1})),
            "a unicorn below a camera");
  EXPECT_EQ(say_scene(scene_of(Kind::kRelation, two, 0, {kPhraseNone, 0, 0, 1})),
            "a unicorn to the right of a camera");
  EXPECT_EQ(say_scene(scene_of(Kind::kColouredRelation, {{"tulip", 6}, {"heart", 1}}, 1)),
            "a pink tulip to the right of an orange heart");
  EXPECT_EQ(
      say_scene(scene_of(Kind::kLargeSmall, {{"penguin"}, {"owl"}}, 0, {kPhraseNone, 0, 1, 0})),
      "a big penguin and a tiny owl");
  EXPECT_EQ(say_scene(scene_of(Kind::kThree, {{"planet"}, {"egg"}, {"hourglass"}})),
            "a planet, an egg and an hourglass");
  EXPECT_EQ(say_scene(scene_of(Kind::kTwoCounts, {{"mouse"}, {"mouse"}, {"ant"}}, 2)),
            "two mice above an ant");
  Scene s = scene_of(Kind::kPlace, {{"tulip", 5}}, 0, {kPhraseNone, 0, 0, 0}, -1);
  s.place = 2;
  EXPECT_EQ(say_scene(s), "a purple tulip on the sea");
  s.place = 0;
  EXPECT_EQ(say_scene(s), "a purple tulip on grass");
  s.wording[0] = kPhraseOn;
  EXPECT_EQ(say_scene(s), "a purple tulip in a field");
}

std::set<std::string> words_in(const std::vector<std::string>& captions, std::size_t* longest) {
  std::set<std::string> words;
  for (const std::string& caption : captions) {
    std::istringstream in(caption);
    std::size_t count = 0;
    for (std::string word; in >> word; ++count) {
      if (word.back() == ',') word.pop_back();
      words.insert(word);
    }
    *longest = std::max(*longest, count);
  }
  return words;
}

TEST(Grammar, TheVocabularyIsTheWordsOfTheCaptions) {
  for (SceneOptions options : {SceneOptions{.split = "all"}, [] {
                                 SceneOptions starter = starter_world();
                                 starter.split = "all";
                                 return starter;
                               }()}) {
    const auto source = open_scenes(atlas_path(), options);
    std::size_t longest = 0;
    const std::set<std::string> met = words_in(source->captions(first_indices(12000)), &longest);
    EXPECT_LE(longest, 15U);
    EXPECT_THAT(scene_vocabulary(options), testing::ElementsAreArray(met));
  }
}

TEST(Grammar, MeaningsAreJsonOfTheScene) {
  const auto source =
      open_scenes(atlas_path(), {.split = "heldout:position", .kinds = {"position"}});
  const SceneProgram program = source->program({3});
  const Scene s = unpack(program, 0);
  const std::string text = source->meaning(program)[0];
  const auto has = [&](const std::string& part) { EXPECT_THAT(text, testing::HasSubstr(part)); };
  has(R"("kind":"position")");
  has(R"("noun":")" + std::string(nouns()[static_cast<std::size_t>(s.objects[0].noun)].name) +
      "\"");
  has(R"("colour":null)");
  has(R"("position":")" + std::string(kPositionKeys[static_cast<std::size_t>(s.variant)]) + "\"");
  has(R"("place":null)");
  has(R"("held_out":["position"]})");
}

}  // namespace
}  // namespace tessera::data
