#include "core/listed.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera {
namespace {

struct Thing {
  const char* name;
  int size;
};

TEST(Listed, PutsCommasBetweenNames) {
  EXPECT_EQ(listed(std::vector<std::string>{}), "");
  EXPECT_EQ(listed(std::set<std::string>{"b", "a"}), "a, b");
  EXPECT_EQ(listed(std::vector<const char*>{"one"}), "one");
}

TEST(Listed, TakesAMemberOrAFunction) {
  const std::vector<Thing> things{{"cup", 3}, {"tree", 7}};
  EXPECT_EQ(listed(things, &Thing::name), "cup, tree");
  EXPECT_EQ(listed(things, [](const Thing& each) { return std::to_string(each.size); }), "3, 7");
}

TEST(CheckOneOf, NamesWhatIsWrongAndWhatWouldBeRight) {
  EXPECT_NO_THROW(check_one_of("mood", "calm", {"calm", "wild"}));
  test::expect_error(
      ErrorCode::kInvalidArgument, "mood must be one of calm, wild, got \"cal\"", [] {
        check_one_of("mood", "cal", {"calm", "wild"});
      });
}

}  // namespace
}  // namespace tessera
