#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/error.h"

namespace tessera {

/// "a, b, c": as errors list what is known. `name_of` gives an item's name, a member of it or a
/// function.
template <typename Items, typename NameOf>
std::string listed(const Items& items, const NameOf& name_of) {
  std::string list;
  for (const auto& item : items) {
    if (!list.empty()) list += ", ";
    const auto& name = std::invoke(name_of, item);
    list += std::string_view(name);
  }
  return list;
}

template <typename Names>
std::string listed(const Names& names) {
  return listed(names, std::identity());
}

/// Throws kInvalidArgument where `value`, that of `name`, is none of those.
inline void check_one_of(std::string_view name,
                         std::string_view value,
                         std::initializer_list<std::string_view> known) {
  TESSERA_CHECK(std::ranges::find(known, value) != known.end(),
                kInvalidArgument,
                name,
                " must be one of ",
                listed(known),
                ", got \"",
                value,
                "\"");
}

}  // namespace tessera
