#include "data/scenes/split.h"

#include <bit>
#include <initializer_list>
#include <string>

#include "core/error.h"
#include "data/scenes/grammar.h"
#include "data/scenes/stable_hash.h"

namespace tessera::data {
namespace {

constexpr unsigned kPercent = 10;
constexpr unsigned kDirectionPercent = 20;

std::string_view name(int noun) {
  return nouns()[static_cast<std::size_t>(noun)].name;
}

bool held(std::initializer_list<std::string_view> parts, unsigned percent = kPercent) {
  std::uint64_t hash = kStableHashStart;
  bool first = true;
  for (const std::string_view part : parts) {
    if (!first) hash = stable_hash_more(hash, "|");
    hash = stable_hash_more(hash, part);
    first = false;
  }
  return stable_hash_finish(hash) % 100 < percent;
}

bool pair_held(int a, int b) {
  const std::string_view first = std::min(name(a), name(b));
  const std::string_view second = std::max(name(a), name(b));
  return held({"pair", first, second});
}

/// "B right of A" is "A left of B".
bool direction_held(int a, Relation relation, int b) {
  switch (relation) {
    case Relation::kLeft:
      return held({"dir", name(a), "left", name(b)}, kDirectionPercent);
    case Relation::kRight:
      return held({"dir", name(b), "left", name(a)}, kDirectionPercent);
    case Relation::kAbove:
      return held({"dir", name(a), "above", name(b)}, kDirectionPercent);
    case Relation::kBelow:
      return held({"dir", name(b), "above", name(a)}, kDirectionPercent);
  }
  return false;
}

bool count_held(int noun, int count) {
  return count >= 2 && held({"cnt", name(noun), std::to_string(count)});
}

bool size_held(int noun, bool large) {
  return held({"size", name(noun), large ? "large" : "small"});
}

constexpr unsigned bit(HeldOut held) {
  return 1U << static_cast<unsigned>(held);
}

}  // namespace

unsigned held_out_classes(const Scene& s) {
  unsigned out = 0;
  const auto mark = [&out](HeldOut which, bool yes) { out |= yes ? bit(which) : 0U; };
  const auto& objects = s.objects;
  for (int k = 0; k < s.count; ++k) {
    const Object& object = objects[static_cast<std::size_t>(k)];
    if (k > 0 && object.noun == objects[static_cast<std::size_t>(k - 1)].noun) continue;
    if (s.background >= 0) {
      mark(HeldOut::kBackground,
           held({"bg",
                 name(object.noun),
                 kBackgrounds[static_cast<std::size_t>(s.background)].name}));
    }
    if (object.colour >= 0) {
      mark(HeldOut::kColour,
           held({"col",
                 name(object.noun),
                 kObjectColours[static_cast<std::size_t>(object.colour)].name}));
    }
    if (s.place >= 0) {
      mark(HeldOut::kPlace,
           held({"place", name(object.noun), kPlaceKeys[static_cast<std::size_t>(s.place)]}));
    }
    for (int j = 0; j < k; ++j) {
      const int other = objects[static_cast<std::size_t>(j)].noun;
      if (other != object.noun) mark(HeldOut::kPair, pair_held(other, object.noun));
    }
  }
  const int first = objects[0].noun;
  const bool new_pair = (out & bit(HeldOut::kPair)) != 0;
  switch (s.kind) {
    case Kind::kSize:
      mark(HeldOut::kSize, size_held(first, s.variant == 0));
      break;
    case Kind::kLargeSmall:
      mark(HeldOut::kSize, size_held(first, true) || size_held(objects[1].noun, false));
      break;
    case Kind::kPosition:
      mark(HeldOut::kPosition,
           held({"pos", name(first), kPositionKeys[static_cast<std::size_t>(s.variant)]}));
      break;
    case Kind::kCount:
      mark(HeldOut::kCount, count_held(first, count_of(s)));
      mark(HeldOut::kStructure, count_of(s) == 6 && objects[0].colour >= 0);
      break;
    case Kind::kRelation:
    case Kind::kColouredRelation:
      mark(HeldOut::kDirection,
           !new_pair && direction_held(first, relation_of(s), objects[1].noun));
      break;
    case Kind::kTwoCounts: {
      const CountPair counts = kCountPairs[static_cast<std::size_t>(s.variant)];
      const int below = objects[static_cast<std::size_t>(counts.above)].noun;
      mark(HeldOut::kCount, count_held(first, counts.above) || count_held(below, counts.below));
      mark(HeldOut::kDirection, !new_pair && direction_held(first, Relation::kAbove, below));
      break;
    }
    case Kind::kSingle:
    case Kind::kColour:
    case Kind::kThree:
    case Kind::kPlace:
      break;
  }
  return out;
}

bool held_out_wording(const Scene& s) {
  // One background phrase a kind, "with" and "against" by turns ("on" is always taught), and one
  // opening of counts.
  const int phrase = static_cast<int>(s.kind) % 2 == 0 ? kPhraseAgainst : kPhraseWith;
  if (s.background >= 0 && s.wording[0] == phrase) return true;
  return s.kind == Kind::kCount && s.wording[1] == kOpeningHeldOut;
}

bool can_hold(Kind kind, HeldOut held) {
  const bool two = kind == Kind::kRelation || kind == Kind::kColouredRelation ||
                   kind == Kind::kLargeSmall || kind == Kind::kThree || kind == Kind::kTwoCounts;
  switch (held) {
    case HeldOut::kBackground:
      return kind != Kind::kPlace;
    case HeldOut::kColour:
      return kind == Kind::kColour || kind == Kind::kCount || kind == Kind::kColouredRelation ||
             kind == Kind::kPlace;
    case HeldOut::kCount:
      return kind == Kind::kCount || kind == Kind::kTwoCounts;
    case HeldOut::kSize:
      return kind == Kind::kSize || kind == Kind::kLargeSmall;
    case HeldOut::kPosition:
      return kind == Kind::kPosition;
    case HeldOut::kPair:
      return two;
    case HeldOut::kDirection:
      return two && kind != Kind::kLargeSmall && kind != Kind::kThree;
    case HeldOut::kPlace:
      return kind == Kind::kPlace;
    case HeldOut::kStructure:
      return kind == Kind::kCount;
  }
  return false;
}

bool Split::holds(const Scene& scene) const {
  if (part == SplitPart::kAll) return true;
  if (held_out_wording(scene) != (part == SplitPart::kHeldOutWording)) return false;
  const unsigned classes = held_out_classes(scene);
  if (part == SplitPart::kHeldOut) return std::has_single_bit(classes);
  return classes == (part == SplitPart::kHeldOutClass ? bit(held) : 0U);
}

bool Split::suits(Kind kind) const {
  if (part == SplitPart::kHeldOutClass) return can_hold(kind, held);
  return part != SplitPart::kHeldOutWording || kind != Kind::kPlace;
}

Split parse_split(std::string_view text) {
  if (text == "all") return {.part = SplitPart::kAll};
  if (text == "train") return {.part = SplitPart::kTrain};
  if (text == "heldout") return {.part = SplitPart::kHeldOut};
  if (text == "heldout:wording") return {.part = SplitPart::kHeldOutWording};
  std::string known = "train, all, heldout, heldout:wording";
  for (std::size_t k = 0; k < kHeldOutNames.size(); ++k) {
    const std::string full = concat("heldout:", kHeldOutNames[k]);
    if (text == full) return {.part = SplitPart::kHeldOutClass, .held = static_cast<HeldOut>(k)};
    known += ", " + full;
  }
  TESSERA_THROW(kInvalidArgument, "split is \"", text, "\"; known: ", known);
}

}  // namespace tessera::data
