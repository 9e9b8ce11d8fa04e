#include "data/scenes/swapped_caption.h"

#include <algorithm>
#include <optional>

#include "data/scenes/colours.h"
#include "data/scenes/grammar.h"
#include "data/scenes/nouns.h"
#include "data/scenes/world.h"

namespace tessera::data {
namespace {

constexpr std::uint32_t kAttempts = 8;

/// The numbers of one attempt at one swap: block k of the stream belongs to the k-th kind, and
/// every further attempt has blocks of its own.
class Draw {
 public:
  Draw(const RngKey& key, Swap swap, std::uint32_t attempt)
      : word_(philox(key, static_cast<std::uint32_t>(swap) + attempt * std::uint32_t{kSwapCount})) {
  }

  int below(int n) {
    return static_cast<int>((std::uint64_t{word_.w[next_++ % 4]} * static_cast<unsigned>(n)) >> 32);
  }
  /// One of 0 … n - 1 that is not `taken`.
  int other_than(int taken, int n) {
    const int k = below(n - 1);
    return k < taken ? k : k + 1;
  }

 private:
  Word4 word_;
  std::uint32_t next_ = 0;
};

/// First object of each thing that the caption speaks of: three apples are one thing.
std::vector<int> things_of(const Scene& s) {
  std::vector<int> firsts;
  for (int k = 0; k < s.count; ++k) {
    const auto& objects = s.objects;
    const auto at = [&](int i) { return objects[static_cast<std::size_t>(i)]; };
    if (firsts.empty() || at(k).noun != at(firsts.back()).noun) firsts.push_back(k);
  }
  return firsts;
}

/// Applies `change` to every object of the thing that begins with object `first`.
template <typename Change>
void change_thing(Scene& s, int first, const Change& change) {
  const int noun = s.objects[static_cast<std::size_t>(first)].noun;
  for (int k = first; k < s.count; ++k) {
    Object& object = s.objects[static_cast<std::size_t>(k)];
    if (object.noun != noun) break;
    change(object);
  }
}

bool names_plain_background(const Scene& s) {
  return s.background >= 0 && names_background(s);
}

std::optional<Scene> swap_colour(Scene s, Draw draw) {
  std::vector<int> coloured;
  for (const int first : things_of(s)) {
    if (s.objects[static_cast<std::size_t>(first)].colour >= 0) coloured.push_back(first);
  }
  const int slots = static_cast<int>(coloured.size()) + (names_plain_background(s) ? 1 : 0);
  if (slots == 0) return std::nullopt;
  const int slot = draw.below(slots);
  if (slot == static_cast<int>(coloured.size())) {
    s.background = draw.other_than(s.background, kBackgroundCount);
    return s;
  }
  const int first = coloured[static_cast<std::size_t>(slot)];
  const int colour =
      draw.other_than(s.objects[static_cast<std::size_t>(first)].colour, kObjectColourCount);
  change_thing(s, first, [&](Object& object) { object.colour = colour; });
  return s;
}

/// `nouns` of the world; a coloured thing becomes one that can have a colour.
std::optional<Scene> swap_noun(Scene s,
                               Draw draw,
                               const std::vector<int>& plain,
                               const std::vector<int>& coloured) {
  const std::vector<int> firsts = things_of(s);
  const int first = firsts[static_cast<std::size_t>(draw.below(static_cast<int>(firsts.size())))];
  std::vector<int> choices =
      s.objects[static_cast<std::size_t>(first)].colour >= 0 ? coloured : plain;
  std::erase_if(choices, [&](int noun) {
    return std::ranges::any_of(
        firsts, [&](int k) { return s.objects[static_cast<std::size_t>(k)].noun == noun; });
  });
  if (choices.empty()) return std::nullopt;
  const int noun = choices[static_cast<std::size_t>(draw.below(static_cast<int>(choices.size())))];
  change_thing(s, first, [&](Object& object) { object.noun = noun; });
  return s;
}

std::optional<Scene> swap_position(Scene s, Draw draw) {
  if (s.kind != Kind::kPosition) return std::nullopt;
  s.variant = draw.other_than(s.variant, kPositionCount);
  return s;
}

std::optional<Scene> swap_direction(Scene s) {
  if (s.kind == Kind::kRelation || s.kind == Kind::kColouredRelation) {
    s.variant ^= 1;
    return s;
  }
  return std::nullopt;
}

/// Object colours and the background's share their first seven names.
std::optional<Scene> swap_binding(Scene s, Draw draw) {
  std::vector<int> coloured;
  for (const int first : things_of(s)) {
    if (s.objects[static_cast<std::size_t>(first)].colour >= 0) coloured.push_back(first);
  }
  const auto colour_of = [&](int first) -> int& {
    return s.objects[static_cast<std::size_t>(first)].colour;
  };
  std::vector<std::pair<int, int>> pairs;  // first objects; -1 = the background
  for (std::size_t a = 0; a < coloured.size(); ++a) {
    for (std::size_t b = a + 1; b < coloured.size(); ++b) {
      if (colour_of(coloured[a]) != colour_of(coloured[b])) {
        pairs.emplace_back(coloured[a], coloured[b]);
      }
    }
    if (names_plain_background(s) && s.background < kObjectColourCount &&
        s.background != colour_of(coloured[a])) {
      pairs.emplace_back(coloured[a], -1);
    }
  }
  if (pairs.empty()) return std::nullopt;
  const auto [a, b] = pairs[static_cast<std::size_t>(draw.below(static_cast<int>(pairs.size())))];
  const int first = colour_of(a);
  const int second = b < 0 ? s.background : colour_of(b);
  change_thing(s, a, [&](Object& object) { object.colour = second; });
  if (b < 0) {
    s.background = first;
  } else {
    change_thing(s, b, [&](Object& object) { object.colour = first; });
  }
  return s;
}

/// The grammar says a number by the variant and the first object alone.
std::optional<Scene> swap_count(Scene s, Draw draw) {
  if (s.kind != Kind::kCount) return std::nullopt;
  constexpr int kCounts = 5;  // two to six
  s.variant = draw.other_than(s.variant, kCounts);
  return s;
}

std::optional<Scene> swap_size(Scene s) {
  if (s.kind == Kind::kLargeSmall) {
    std::swap(s.objects[0], s.objects[1]);
    return s;
  }
  if (s.kind != Kind::kSize) return std::nullopt;
  s.variant ^= 1;
  return s;
}

std::optional<Scene> swap_place(Scene s, Draw draw) {
  if (s.place < 0) return std::nullopt;
  s.place = draw.other_than(s.place, kPlaceCount);
  return s;
}

}  // namespace

CaptionSwaps::CaptionSwaps(const SceneOptions& options) {
  World world = make_world(options);
  nouns_ = std::move(world.nouns);
  recolourable_ = std::move(world.recolourable);
  split_ = world.split;
}

std::vector<SwappedCaption> CaptionSwaps::of(const SceneProgram& scenes,
                                             std::int64_t row,
                                             const RngKey& key) const {
  const Scene scene = unpack(scenes, row);
  const std::string truth = say_scene(scene);
  std::vector<SwappedCaption> out;
  const auto add = [&](Swap swap, const auto& change) {
    for (std::uint32_t attempt = 0; attempt < kAttempts; ++attempt) {
      const std::optional<Scene> changed = change(scene, Draw(key, swap, attempt));
      if (!changed) return;
      if (split_.part == SplitPart::kTrain && !split_.holds(*changed)) continue;
      std::string text = say_scene(*changed);
      if (text == truth) continue;
      out.push_back({swap, std::move(text)});
      return;
    }
  };
  add(Swap::kColour, swap_colour);
  add(Swap::kNoun,
      [this](const Scene& s, Draw draw) { return swap_noun(s, draw, nouns_, recolourable_); });
  add(Swap::kPosition, swap_position);
  add(Swap::kDirection, [](const Scene& s, Draw) { return swap_direction(s); });
  add(Swap::kBinding, swap_binding);
  add(Swap::kCount, swap_count);
  add(Swap::kSize, [](const Scene& s, Draw) { return swap_size(s); });
  add(Swap::kPlace, swap_place);
  return out;
}

}  // namespace tessera::data
