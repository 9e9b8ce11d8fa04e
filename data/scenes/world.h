#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "data/scenes/scene.h"
#include "data/scenes/split.h"

namespace tessera::data {

/// Names of the kinds, as options and captions' reports use them; index = Kind.
inline constexpr std::array<std::string_view, kKindCount> kKindNames{"single",
                                                                     "colour",
                                                                     "size",
                                                                     "position",
                                                                     "count",
                                                                     "relation",
                                                                     "coloured-relation",
                                                                     "large-small",
                                                                     "three",
                                                                     "two-counts",
                                                                     "place"};

/// Scene options, checked and looked up.
struct World {
  std::vector<int> nouns{};         // rows of the noun table, ascending
  std::vector<int> recolourable{};  // those among them that have object colours, by rank
  std::vector<Kind> kinds{};        // enabled, by their order in the table
  std::vector<double> shares{};     // cumulative weight of each; the last is 1
  Split split{};
};

/// Throws kInvalidArgument naming the option, its value and what would be right.
World make_world(const SceneOptions& options);

}  // namespace tessera::data
