#include "data/scenes/sampler.h"

#include <algorithm>

#include "core/error.h"
#include "data/scenes/layout.h"
#include "data/scenes/slots.h"

namespace tessera::data {
namespace {

constexpr std::uint32_t kMostAttempts = 20000;

int pick_from(const std::vector<int>& rows,
              const Draws& draws,
              int object,
              const std::vector<int>& used) {
  std::vector<int> left;
  std::ranges::copy_if(rows, std::back_inserter(left), [&](int row) {
    return std::ranges::find(used, row) == used.end();
  });
  return left[static_cast<std::size_t>(draws.pick(Slot::kNoun, object, left.size()))];
}

/// The high bit of slot 4 says whether there is a colour at all, the rest which.
int perhaps_colour(const Draws& draws) {
  const std::uint32_t word = draws.word(Slot::kColour);
  if ((word >> 31) == 0) return -1;
  return static_cast<int>((std::uint64_t{word << 1} * kObjectColourCount) >> 32);
}

/// Distinct nouns (and, in a coloured relation, colours) of objects A, B, C.
std::array<Object, 3> draw_things(const World& world, Kind kind, const Draws& draws) {
  std::array<Object, 3> things{};
  int count = 1;
  bool coloured = false;
  switch (kind) {
    case Kind::kSingle:
    case Kind::kSize:
    case Kind::kPosition:
      break;
    case Kind::kColour:
      coloured = true;
      break;
    case Kind::kRelation:
    case Kind::kLargeSmall:
    case Kind::kTwoCounts:
      count = 2;
      break;
    case Kind::kColouredRelation:
      count = 2;
      coloured = true;
      break;
    case Kind::kThree:
      count = 3;
      break;
    case Kind::kCount:
    case Kind::kPlace:
      if (!world.recolourable.empty()) things[0].colour = perhaps_colour(draws);
      break;
  }
  if (coloured) {
    things[0].colour = draws.pick(Slot::kColour, 0, kObjectColourCount);
    const int other = draws.pick(Slot::kColour, 1, kObjectColourCount - 1);
    things[1].colour = other + (other >= things[0].colour ? 1 : 0);
  }
  const std::vector<int>& rows = things[0].colour >= 0 ? world.recolourable : world.nouns;
  std::vector<int> used;
  for (int k = 0; k < count; ++k) {
    things[static_cast<std::size_t>(k)].noun = pick_from(rows, draws, k, used);
    used.push_back(things[static_cast<std::size_t>(k)].noun);
  }
  return things;
}

void draw_objects(Scene& s, const World& world, const Draws& draws) {
  const std::array<Object, 3> things = draw_things(world, s.kind, draws);
  const auto put = [&s](const Object& thing, int times) {
    for (int k = 0; k < times; ++k) s.objects[static_cast<std::size_t>(s.count++)] = thing;
  };
  switch (s.kind) {
    case Kind::kCount:
      put(things[0], count_of(s));
      break;
    case Kind::kTwoCounts: {
      const CountPair counts = kCountPairs[static_cast<std::size_t>(s.variant)];
      put(things[0], counts.above);
      put(things[1], counts.below);
      break;
    }
    default:
      for (const Object& thing : things) {
        if (thing.noun >= 0) put(thing, 1);
      }
  }
}

std::size_t variants_of(Kind kind) {
  switch (kind) {
    case Kind::kSize:
      return 2;
    case Kind::kPosition:
      return kPositionCount;
    case Kind::kCount:
      return 5;
    case Kind::kRelation:
    case Kind::kColouredRelation:
      return 4;
    case Kind::kTwoCounts:
      return kCountPairs.size();
    default:
      return 1;
  }
}

/// Levels 0..255. Gray and black take one jitter for all channels, or they would look tinted.
std::array<float, 3> draw_background(int background, const Draws& draws) {
  std::array<float, 3> out{};
  for (int c = 0; c < 3; ++c) {
    const int slot = background == kGray || background == kBlack ? 0 : c;
    const double jitter =
        background == kWhite
            ? 0.0
            : draws.between(-kJitterLevels, kJitterLevels, Slot::kBackgroundJitter, slot);
    const double level =
        kBackgrounds[static_cast<std::size_t>(background)].rgb[static_cast<std::size_t>(c)] +
        jitter;
    out[static_cast<std::size_t>(c)] = static_cast<float>(std::clamp(level, 0.0, 255.0));
  }
  return out;
}

bool all_stand_out(const Scene& s, const Atlas& atlas) {
  for (int k = 0; s.background >= 0 && k < s.count; ++k) {
    const Object& object = s.objects[static_cast<std::size_t>(k)];
    const auto row = static_cast<std::size_t>(sprite_row(object.noun, object.colour));
    if (!atlas.contrast[row][static_cast<std::size_t>(s.background)]) return false;
  }
  return true;
}

Scene draw_scene(const World& world, Kind kind, const Draws& draws) {
  Scene s{.kind = kind, .variant = draws.pick(Slot::kVariant, 0, variants_of(kind))};
  draw_objects(s, world, draws);
  if (kind == Kind::kPlace) {
    s.place = draws.pick(Slot::kBackground, 0, kPlaceCount);
  } else {
    s.background = draws.pick(Slot::kBackground, 0, kBackgroundCount);
    s.background_rgb = draw_background(s.background, draws);
  }
  s.wording = {draws.pick(Slot::kPhrase, 0, 4),
               draws.pick(Slot::kOpening, 0, 4),
               draws.pick(Slot::kSizeWord, 0, 2),
               draws.pick(Slot::kMirroredWording, 0, 2)};
  return s;
}

}  // namespace

Scene sample_scene(const World& world,
                   const Atlas& atlas,
                   std::uint64_t seed,
                   std::uint32_t index) {
  const double at = Draws(seed, index, 0).unit_at(Slot::kKind);
  const auto found = std::ranges::upper_bound(world.shares, at);
  const auto which =
      std::min<std::ptrdiff_t>(found - world.shares.begin(), std::ssize(world.kinds) - 1);
  const Kind kind = world.kinds[static_cast<std::size_t>(which)];
  for (std::uint32_t attempt = 0; attempt < kMostAttempts; ++attempt) {
    const Draws draws(seed, index, attempt);
    Scene s = draw_scene(world, kind, draws);
    if (!all_stand_out(s, atlas) || !world.split.holds(s)) continue;
    lay_out(s, atlas, draws);
    if (!has_gaps(s, atlas)) continue;
    for (int k = 0; kind == Kind::kPlace && k < kPlaceValueCount; ++k) {
      s.place_values[static_cast<std::size_t>(k)] = unit(draws.word(Slot::kPlaceValues, k));
    }
    return s;
  }
  TESSERA_THROW(kInvalidArgument,
                "no scene of kind \"",
                kKindNames[static_cast<std::size_t>(kind)],
                "\" fits the split in ",
                kMostAttempts,
                " attempts; this world is too small for it: add nouns or take another split");
}

}  // namespace tessera::data
