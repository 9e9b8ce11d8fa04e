#include "gui/token_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::gui {
namespace {

using engine::TokenGrid;
using ::testing::ElementsAre;

TokenGrid grid(std::vector<std::int32_t> cells) {
  return {.width = 2, .height = 2, .codes = 9, .cells = std::move(cells)};
}

TEST(TokenStates, TellWhatHasBecomeOfEachCell) {
  const auto states = token_states(grid({-1, -1, 4, 4}), grid({-1, 3, 4, 5}));
  EXPECT_THAT(
      states,
      ElementsAre(
          TokenState::kMasked, TokenState::kNew, TokenState::kSettled, TokenState::kReplaced));
  const TokenCount count = count_tokens(states);
  EXPECT_EQ(count.masked, 1);
  EXPECT_EQ(count.fresh, 1);
  EXPECT_EQ(count.settled, 1);
  EXPECT_EQ(count.replaced, 1);
}

TEST(TokenStates, OfTheFirstStepAreNewOrMasked) {
  EXPECT_THAT(
      token_states({}, grid({-1, 0, 1, -1})),
      ElementsAre(TokenState::kMasked, TokenState::kNew, TokenState::kNew, TokenState::kMasked));
}

}  // namespace
}  // namespace tessera::gui
