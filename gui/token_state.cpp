#include "gui/token_state.h"

namespace tessera::gui {

using engine::TokenGrid;

std::vector<TokenState> token_states(const TokenGrid& before, const TokenGrid& now) {
  const bool first = before.cells.size() != now.cells.size();
  std::vector<TokenState> states;
  states.reserve(now.cells.size());
  for (std::size_t cell = 0; cell < now.cells.size(); ++cell) {
    const std::int32_t is = now.cells[cell];
    const std::int32_t was = first ? TokenGrid::kMasked : before.cells[cell];
    states.push_back(is == TokenGrid::kMasked    ? TokenState::kMasked
                     : was == TokenGrid::kMasked ? TokenState::kNew
                     : was == is                 ? TokenState::kSettled
                                                 : TokenState::kReplaced);
  }
  return states;
}

TokenCount count_tokens(const std::vector<TokenState>& states) {
  TokenCount count;
  for (const TokenState state : states) {
    switch (state) {
      case TokenState::kMasked:
        ++count.masked;
        break;
      case TokenState::kNew:
        ++count.fresh;
        break;
      case TokenState::kReplaced:
        ++count.replaced;
        break;
      case TokenState::kSettled:
        ++count.settled;
        break;
    }
  }
  return count;
}

}  // namespace tessera::gui
