#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "data/scenes/colours.h"

namespace tessera::data {

/// A sprite's colours: straight RGBA.
using Palette = std::array<std::array<std::uint8_t, 4>, 256>;

/// The palette of the same sprite in another colour. Colours within 40 degrees of the sprite's
/// modal hue turn to the target hue and keep half of their distance from the mode; their mean
/// saturation and value become the target's. Greys and other hues stay. `counts[k]` = pixels that
/// use colour k.
Palette recolour(const Palette& palette,
                 std::span<const std::int64_t, 256> counts,
                 const ObjectColour& target);

}  // namespace tessera::data
