#include "text/tokenizers/byte_pairs.h"

#include <map>
#include <random>
#include <utility>

#include <gtest/gtest.h>

namespace tessera::text {
namespace {

using Symbols = std::vector<std::int32_t>;

TEST(BytePairs, LowestRankFirst) {
  BytePairs pairs;
  pairs.add(1, 2, 1, 12);  // ab
  pairs.add(2, 3, 0, 23);  // bc goes before it
  EXPECT_EQ(pairs.merge(Symbols{1, 2, 3}), (Symbols{1, 23}));
  EXPECT_EQ(pairs.merge(Symbols{1, 2, 4}), (Symbols{12, 4}));
  EXPECT_EQ(pairs.merge(Symbols{}), Symbols{});
  EXPECT_EQ(pairs.merge(Symbols{7}), Symbols{7});
}

TEST(BytePairs, RepeatsMergeFromTheLeft) {
  BytePairs pairs;
  pairs.add(1, 1, 0, 11);
  EXPECT_EQ(pairs.merge(Symbols{1, 1, 1}), (Symbols{11, 1}));
  EXPECT_EQ(pairs.merge(Symbols{1, 1, 1, 1}), (Symbols{11, 11}));
  pairs.add(11, 11, 1, 1111);
  EXPECT_EQ(pairs.merge(Symbols{1, 1, 1, 1, 1}), (Symbols{1111, 1}));
}

TEST(BytePairs, AllPlacesOfAPairBeforeWhatTheyMake) {
  BytePairs pairs;
  pairs.add(1, 2, 5, 12);
  pairs.add(12, 1, 3, 121);  // of lower rank, but made by the first merge
  EXPECT_EQ(pairs.merge(Symbols{1, 2, 1, 2}), (Symbols{12, 12}));
}

TEST(BytePairs, TheLastOfTwoRulesHolds) {
  BytePairs pairs;
  pairs.add(1, 2, 0, 12);
  pairs.add(1, 2, 1, 13);
  EXPECT_EQ(pairs.merge(Symbols{1, 2}), Symbols{13});
}

/// The textbook's way: look for the best pair, merge all its places, look again.
Symbols merged_plainly(Symbols symbols,
                       const std::map<std::pair<int, int>, std::pair<int, int>>& rules) {
  for (;;) {
    int best = -1;
    std::pair<int, int> pair;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = rules.find({symbols[i], symbols[i + 1]});
      if (found != rules.end() && (best < 0 || found->second.first < best)) {
        best = found->second.first;
        pair = found->first;
      }
    }
    if (best < 0) return symbols;
    Symbols next;
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      const bool here =
          i + 1 < symbols.size() && symbols[i] == pair.first && symbols[i + 1] == pair.second;
      next.push_back(here ? rules.at(pair).second : symbols[i]);
      if (here) ++i;
    }
    symbols = std::move(next);
  }
}

TEST(BytePairs, TheSameAsTheTextbooksWay) {
  std::mt19937 random(5);
  const auto draw = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  for (int round = 0; round < 300; ++round) {
    BytePairs pairs;
    std::map<std::pair<int, int>, std::pair<int, int>> rules;
    for (int rank = 0; rank < 12; ++rank) {
      const std::pair<int, int> pair{draw(3 + rank), draw(3 + rank)};
      rules[pair] = {rank, 3 + rank};
      pairs.add(pair.first, pair.second, rank, 3 + rank);
    }
    Symbols word(static_cast<std::size_t>(draw(30)));
    for (auto& symbol : word) symbol = draw(3);
    EXPECT_EQ(pairs.merge(word), merged_plainly(word, rules)) << "round " << round;
  }
}

}  // namespace
}  // namespace tessera::text
