#include "data/scenes/meaning.h"

#include <array>
#include <cstdio>

#include "core/error.h"
#include "data/scenes/grammar.h"
#include "data/scenes/split.h"
#include "data/scenes/world.h"

namespace tessera::data {
namespace {

/// Names of the table hold no character that JSON escapes.
std::string quoted(std::string_view name) {
  return concat("\"", name, "\"");
}

template <typename Table>
std::string name_or_null(const Table& table, int k) {
  return k < 0 ? "null" : quoted(table[static_cast<std::size_t>(k)]);
}

std::string number(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4f", value);
  return text.data();
}

std::string object_json(const Object& object, const Atlas& atlas) {
  const PlacedBox box = placed_box(object, atlas.boxes[static_cast<std::size_t>(object.noun)]);
  const auto part = [](double pixels) { return number(pixels / kSpriteSide); };
  return concat(R"({"noun":)",
                quoted(nouns()[static_cast<std::size_t>(object.noun)].name),
                R"(,"colour":)",
                object.colour < 0
                    ? "null"
                    : quoted(kObjectColours[static_cast<std::size_t>(object.colour)].name),
                R"(,"box":[)",
                part(box.left),
                ",",
                part(box.top),
                ",",
                part(box.width),
                ",",
                part(box.height),
                "]}");
}

std::string varied(const Scene& s) {
  switch (s.kind) {
    case Kind::kSize:
      return s.variant == 0 ? R"(,"size":"large")" : R"(,"size":"small")";
    case Kind::kPosition:
      return concat(R"(,"position":)", name_or_null(kPositionKeys, s.variant));
    case Kind::kCount:
      return concat(R"(,"count":)", count_of(s));
    case Kind::kRelation:
    case Kind::kColouredRelation:
      return concat(R"(,"relation":)", name_or_null(kRelationKeys, s.variant));
    case Kind::kTwoCounts: {
      const CountPair counts = kCountPairs[static_cast<std::size_t>(s.variant)];
      return concat(R"(,"counts":[)", counts.above, ",", counts.below, R"(],"relation":"above")");
    }
    default:
      return {};
  }
}

}  // namespace

std::string meaning_json(const Scene& s, const Atlas& atlas) {
  std::string objects;
  for (int k = 0; k < s.count; ++k) {
    objects += (k ? "," : "") + object_json(s.objects[static_cast<std::size_t>(k)], atlas);
  }
  std::string held;
  const unsigned classes = held_out_classes(s);
  for (std::size_t k = 0; k < kHeldOutNames.size(); ++k) {
    if ((classes >> k & 1U) != 0) held += (held.empty() ? "" : ",") + quoted(kHeldOutNames[k]);
  }
  if (held_out_wording(s)) held += (held.empty() ? "" : ",") + quoted("wording");
  return concat(
      R"({"kind":)",
      quoted(kKindNames[static_cast<std::size_t>(s.kind)]),
      R"(,"objects":[)",
      objects,
      R"(],"background":)",
      s.background < 0 ? "null" : quoted(kBackgrounds[static_cast<std::size_t>(s.background)].name),
      R"(,"place":)",
      name_or_null(kPlaceKeys, s.place),
      varied(s),
      R"(,"held_out":[)",
      held,
      "]}");
}

}  // namespace tessera::data
