#pragma once

#include <array>
#include <cstdint>

#include "data/scenes/colours.h"
#include "data/scenes/recolour.h"

namespace tessera::data {

/// How many pixels on a sprite's outline have each colour. `pixels`: 128 x 128 palette indices.
std::array<std::int64_t, 256> edge_counts(const std::uint8_t* pixels, const Palette& palette);

/// For each background: do at least 60 % of the outline's pixels differ clearly from it? A sprite
/// is not drawn where they do not.
std::array<bool, kBackgroundCount> stands_out(const Palette& palette,
                                              const std::array<std::int64_t, 256>& edge);

}  // namespace tessera::data
