#include "core/spelling.h"

#include <vector>

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Spelling, CountsEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("aplpe", "apple"), 1u) << "neighbours swapped";
  EXPECT_EQ(edit_distance("apple", "aple"), edit_distance("aple", "apple"));
}

TEST(Spelling, FindsWhatWasMeant) {
  const std::vector<std::string> known = {"ancestral", "strided", "confidence", "red"};
  EXPECT_EQ(nearest_word("ancestrall", known), "ancestral");
  EXPECT_EQ(nearest_word("confidance", known), "confidence");
  EXPECT_EQ(nearest_word("rad", known), "red");
  EXPECT_EQ(nearest_word("xyz", known), std::nullopt)
      << "a word of other letters is no misspelling";
  EXPECT_EQ(nearest_word("rats", known), std::nullopt) << "short words allow one edit";
  EXPECT_EQ(nearest_word(std::string(1000, 'a'), known), std::nullopt);
  EXPECT_EQ(nearest_word("re", known), std::nullopt) << "too short to tell";
  EXPECT_EQ(nearest_word("red", {}), std::nullopt);
}

}  // namespace
}  // namespace tessera
