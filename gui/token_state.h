#pragma once

#include <vector>

#include "engine/token_grid.h"

namespace tessera::gui {

/// What has become of a cell since the step before.
enum class TokenState : unsigned char {
  kMasked,    // nothing known yet
  kNew,       // shown by this step
  kReplaced,  // was another code before this step
  kSettled,   // as it was
};

/// State of every cell of `now`; `before` is the step before, or an empty grid where there is none.
std::vector<TokenState> token_states(const engine::TokenGrid& before, const engine::TokenGrid& now);

/// How many cells are in each state.
struct TokenCount {
  int masked = 0;
  int fresh = 0;
  int replaced = 0;
  int settled = 0;
};
TokenCount count_tokens(const std::vector<TokenState>& states);

}  // namespace tessera::gui
