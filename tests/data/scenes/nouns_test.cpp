#include "data/scenes/nouns.h"

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace tessera::data {
namespace {

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, '\t');) cells.push_back(cell);
  return cells;
}

TEST(Nouns, TableIsTheFileBesideIt) {
  std::ifstream file(TESSERA_SOURCE_DIR "/data/scenes/nouns.tsv");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) lines.push_back(line);
  }
  ASSERT_EQ(lines.size(), nouns().size());
  for (std::size_t row = 0; row < lines.size(); ++row) {
    const Noun& noun = nouns()[row];
    std::ostringstream code;
    code << "U+" << std::uppercase << std::hex << noun.code_point;
    const std::string rank = noun.recolour_rank < 0 ? "-" : std::to_string(noun.recolour_rank);
    EXPECT_THAT(
        cells_of(lines[row]),
        testing::ElementsAre(noun.name, noun.plural, noun.article, code.str(), noun.group, rank));
  }
}

TEST(Nouns, NamesPluralsAndPicturesAreDistinct) {
  std::set<std::string_view> names;
  std::set<std::uint32_t> codes;
  std::map<std::string_view, int> groups;
  for (const Noun& noun : nouns()) {
    EXPECT_TRUE(names.insert(noun.name).second) << noun.name;
    EXPECT_TRUE(codes.insert(noun.code_point).second) << noun.name;
    ++groups[noun.group];
  }
  EXPECT_THAT(groups,
              testing::ElementsAre(testing::Pair("animal", 64),
                                   testing::Pair("food", 36),
                                   testing::Pair("object", 57),
                                   testing::Pair("place", 8),
                                   testing::Pair("plant", 8),
                                   testing::Pair("sky", 8),
                                   testing::Pair("vehicle", 19)));
}

TEST(Nouns, RanksNameTheRecolourable) {
  std::set<int> ranks;
  for (const Noun& noun : nouns()) {
    if (noun.recolour_rank >= 0) ranks.insert(noun.recolour_rank);
  }
  EXPECT_EQ(ranks.size(), 48U);
  EXPECT_EQ(*ranks.rbegin(), 47);
  EXPECT_EQ(nouns()[static_cast<std::size_t>(recolourable_noun(0))].name, "car");
  EXPECT_EQ(nouns()[static_cast<std::size_t>(recolourable_noun(23))].name, "apple");
  EXPECT_EQ(nouns()[static_cast<std::size_t>(recolourable_noun(47))].name, "dolphin");
  EXPECT_EQ(find_noun("teddy bear"), recolourable_noun(18));
  EXPECT_EQ(find_noun("quokka"), -1);
}

}  // namespace
}  // namespace tessera::data
