#include "data/scenes/world.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace tessera::data {
namespace {

struct Needs {
  std::size_t nouns = 1;
  std::size_t recolourable = 0;
};

Needs needs_of(Kind kind) {
  switch (kind) {
    case Kind::kColour:
      return {1, 1};
    case Kind::kColouredRelation:
      return {2, 2};
    case Kind::kRelation:
    case Kind::kLargeSmall:
    case Kind::kTwoCounts:
      return {2, 0};
    case Kind::kThree:
      return {3, 0};
    default:
      return {1, 0};
  }
}

Kind kind_named(const std::string& name) {
  std::string known;
  for (std::size_t k = 0; k < kKindNames.size(); ++k) {
    if (kKindNames[k] == name) return static_cast<Kind>(k);
    known += concat(k ? ", " : "", kKindNames[k]);
  }
  TESSERA_THROW(kInvalidArgument, "kinds has \"", name, "\"; known: ", known);
}

}  // namespace

World make_world(const SceneOptions& o) {
  TESSERA_CHECK(o.resolution == 64 || o.resolution == 128,
                kInvalidArgument,
                "resolution of scenes must be 64 or 128, got ",
                o.resolution);
  World world{.split = parse_split(o.split)};
  for (const std::string& name : o.nouns) {
    const int row = find_noun(name);
    TESSERA_CHECK(row >= 0,
                  kInvalidArgument,
                  "nouns has \"",
                  name,
                  "\", which the noun table does not hold; see data/scenes/nouns.tsv");
    world.nouns.push_back(row);
  }
  for (int row = 0; o.nouns.empty() && row < kNounCount; ++row) world.nouns.push_back(row);
  std::ranges::sort(world.nouns);
  const auto twice = std::ranges::adjacent_find(world.nouns);
  TESSERA_CHECK(twice == world.nouns.end(),
                kInvalidArgument,
                "nouns has \"",
                nouns()[static_cast<std::size_t>(*twice)].name,
                "\" twice");
  for (int rank = 0; rank < kRecolourableCount; ++rank) {
    if (std::ranges::binary_search(world.nouns, recolourable_noun(rank))) {
      world.recolourable.push_back(recolourable_noun(rank));
    }
  }

  TESSERA_CHECK(o.kind_weights.empty() ||
                    o.kind_weights.size() == (o.kinds.empty() ? kKindNames.size() : o.kinds.size()),
                kInvalidArgument,
                "kind_weights has ",
                o.kind_weights.size(),
                " numbers for ",
                o.kinds.empty() ? kKindNames.size() : o.kinds.size(),
                " kinds; give one a kind");
  std::array<double, kKindCount> weights{};
  for (std::size_t k = 0; k < (o.kinds.empty() ? kKindNames.size() : o.kinds.size()); ++k) {
    const Kind kind = o.kinds.empty() ? static_cast<Kind>(k) : kind_named(o.kinds[k]);
    const double weight = o.kind_weights.empty() ? 1 : o.kind_weights[k];
    TESSERA_CHECK(weight >= 0 && std::isfinite(weight),
                  kInvalidArgument,
                  "kind_weights must be numbers from 0 up, got ",
                  weight);
    double& slot = weights[static_cast<std::size_t>(kind)];
    TESSERA_CHECK(slot == 0, kInvalidArgument, "kinds has \"", o.kinds[k], "\" twice");
    const Needs needs = needs_of(kind);
    TESSERA_CHECK(
        world.nouns.size() >= needs.nouns && world.recolourable.size() >= needs.recolourable,
        kInvalidArgument,
        "kind \"",
        kKindNames[static_cast<std::size_t>(kind)],
        "\" needs at least ",
        needs.nouns,
        " nouns, ",
        needs.recolourable,
        " of them recolourable; this world has ",
        world.nouns.size(),
        " and ",
        world.recolourable.size());
    slot = weight;
  }
  double sum = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const Kind kind = static_cast<Kind>(k);
    if (weights[k] <= 0 || !world.split.suits(kind)) continue;
    sum += weights[k];
    world.kinds.push_back(kind);
    world.shares.push_back(sum);
  }
  TESSERA_CHECK(sum > 0,
                kInvalidArgument,
                "split \"",
                o.split,
                "\" has no scene in this world: none of its kinds has such keys");
  for (double& share : world.shares) share /= sum;
  return world;
}

void SceneOptions::validate() const {
  make_world(*this);
}

}  // namespace tessera::data
