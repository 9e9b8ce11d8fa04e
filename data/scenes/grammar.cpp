#include "data/scenes/grammar.h"

#include <set>

#include "core/error.h"

namespace tessera::data {
namespace {

constexpr std::array<std::string_view, 3> kPhrases{"on", "with", "against"};
constexpr std::array<std::string_view, 4> kOpenings{"", "there are", "a picture of", "here are"};
constexpr std::array<std::string_view, 2> kLarge{"large", "big"};
constexpr std::array<std::string_view, 2> kSmall{"small", "tiny"};
constexpr std::array<std::string_view, 7> kNumbers{"", "", "two", "three", "four", "five", "six"};
constexpr std::array<std::string_view, 4> kRelations{
    "to the left of", "to the right of", "above", "below"};
constexpr std::array<std::string_view, kPositionCount> kPositions{"in the top left corner",
                                                                  "at the top",
                                                                  "in the top right corner",
                                                                  "on the left",
                                                                  "in the center",
                                                                  "on the right",
                                                                  "in the bottom left corner",
                                                                  "at the bottom",
                                                                  "in the bottom right corner"};
constexpr std::array<std::string_view, kPlaceCount> kPlaces{"in a field",
                                                            "on a beach",
                                                            "on the sea",
                                                            "at night",
                                                            "in the snow",
                                                            "in the desert",
                                                            "in space",
                                                            "under water",
                                                            "in a room",
                                                            "on a road"};
template <typename Table>
std::string_view at_index(const Table& table, int k) {
  return table[static_cast<std::size_t>(k)];
}

std::string_view article_of(std::string_view word) {
  return std::string_view("aeiou").find(word.front()) == std::string_view::npos ? "a" : "an";
}

std::string_view colour_name(int colour) {
  return kObjectColours[static_cast<std::size_t>(colour)].name;
}

/// "a red car", "an apple".
std::string one(const Object& object) {
  const Noun& noun = nouns()[static_cast<std::size_t>(object.noun)];
  if (object.colour < 0) return concat(noun.article, " ", noun.name);
  const std::string_view colour = colour_name(object.colour);
  return concat(article_of(colour), " ", colour, " ", noun.name);
}

std::string sized(std::string_view size, const Object& object) {
  return concat("a ", size, " ", nouns()[static_cast<std::size_t>(object.noun)].name);
}

std::string several(int count, const Object& object) {
  if (count == 1) return one(object);
  const Noun& noun = nouns()[static_cast<std::size_t>(object.noun)];
  return object.colour < 0
             ? concat(at_index(kNumbers, count), " ", noun.plural)
             : concat(at_index(kNumbers, count), " ", colour_name(object.colour), " ", noun.plural);
}

/// "left" said from the other side is "right".
int mirrored(int relation) {
  return relation ^ 1;
}

std::string body(const Scene& s) {
  const Object& a = s.objects[0];
  const Object& b = s.objects[1];
  switch (s.kind) {
    case Kind::kSingle:
    case Kind::kColour:
      return one(a);
    case Kind::kPlace: {
      const bool grass = s.place == 0 && s.wording[0] >= 2;
      return concat(one(a), " ", grass ? kGrassWords : at_index(kPlaces, s.place));
    }
    case Kind::kSize:
      return sized(at_index(s.variant == 0 ? kLarge : kSmall, s.wording[2]), a);
    case Kind::kPosition:
      return concat(one(a), " ", at_index(kPositions, s.variant));
    case Kind::kCount: {
      const std::string_view opening = at_index(kOpenings, s.wording[1]);
      return concat(opening, opening.empty() ? "" : " ", several(count_of(s), a));
    }
    case Kind::kRelation:
    case Kind::kColouredRelation:
      return s.wording[3] == 0
                 ? concat(one(a), " ", at_index(kRelations, s.variant), " ", one(b))
                 : concat(one(b), " ", at_index(kRelations, mirrored(s.variant)), " ", one(a));
    case Kind::kLargeSmall:
      return concat(sized(at_index(kLarge, s.wording[2]), a),
                    " and ",
                    sized(at_index(kSmall, s.wording[2]), b));
    case Kind::kThree:
      return concat(one(a), ", ", one(b), " and ", one(s.objects[2]));
    case Kind::kTwoCounts: {
      const CountPair counts = kCountPairs[static_cast<std::size_t>(s.variant)];
      return concat(several(counts.above, a),
                    " above ",
                    several(counts.below, s.objects[static_cast<std::size_t>(counts.above)]));
    }
  }
  return {};
}

}  // namespace

std::string_view position_words(int position) {
  return at_index(kPositions, position);
}

std::string_view relation_words(Relation relation) {
  return at_index(kRelations, static_cast<int>(relation));
}

std::string_view place_words(int place) {
  return at_index(kPlaces, place);
}

std::string say_scene(const Scene& s) {
  std::string out = body(s);
  if (s.background >= 0 && s.wording[0] != kPhraseNone) {
    const std::string_view colour = kBackgrounds[static_cast<std::size_t>(s.background)].name;
    out += concat(
        " ", at_index(kPhrases, s.wording[0]), " ", article_of(colour), " ", colour, " background");
  }
  return out;
}

std::vector<std::string> words_of(const World& world) {
  std::set<std::string> words;
  const auto add = [&words](std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find(' ');
      if (end != 0) words.emplace(text.substr(0, end));
      text = end == std::string_view::npos ? "" : text.substr(end + 1);
    }
  };
  const auto add_all = [&add](const auto& table) {
    for (const std::string_view text : table) add(text);
  };
  const auto uses = [&world](std::initializer_list<Kind> kinds) {
    return std::ranges::any_of(world.kinds,
                               [&](Kind k) { return std::ranges::find(kinds, k) != kinds.end(); });
  };
  const bool counts = uses({Kind::kCount, Kind::kTwoCounts});
  for (const int row : world.nouns) {
    const Noun& noun = nouns()[static_cast<std::size_t>(row)];
    add(noun.name);
    add(noun.article);
    if (counts) add(noun.plural);
  }
  add("a");
  if (world.kinds != std::vector<Kind>{Kind::kPlace}) {
    add("background an");
    add_all(kPhrases);
    for (const auto& background : kBackgrounds) add(background.name);
  }
  if (uses({Kind::kColour, Kind::kColouredRelation}) ||
      (uses({Kind::kCount, Kind::kPlace}) && !world.recolourable.empty())) {
    add("an");
    for (const auto& colour : kObjectColours) add(colour.name);
  }
  if (uses({Kind::kSize, Kind::kLargeSmall})) {
    add_all(kLarge);
    add_all(kSmall);
  }
  if (uses({Kind::kPosition})) add_all(kPositions);
  if (uses({Kind::kCount})) {
    add_all(kOpenings);
    add_all(kNumbers);
  }
  if (uses({Kind::kRelation, Kind::kColouredRelation})) add_all(kRelations);
  if (uses({Kind::kLargeSmall, Kind::kThree})) add("and");
  if (uses({Kind::kTwoCounts})) add("two three above");
  if (uses({Kind::kPlace})) {
    add_all(kPlaces);
    add(kGrassWords);
  }
  return {words.begin(), words.end()};
}

}  // namespace tessera::data
