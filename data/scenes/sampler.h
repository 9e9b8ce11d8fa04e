#pragma once

#include <cstdint>

#include "data/scenes/atlas.h"
#include "data/scenes/world.h"

namespace tessera::data {

/// Scene `index` of a world: draws attempt after attempt, from fixed slots of a Philox stream,
/// until one is legible (contrast, gaps between the objects) and belongs to the split. The kind is
/// drawn once, so that kinds keep their weights. Throws kInvalidArgument when the split is so
/// narrow that nothing fits it.
Scene sample_scene(const World& world, const Atlas& atlas, std::uint64_t seed, std::uint32_t index);

}  // namespace tessera::data
