#pragma once

#include <array>

#include "data/scenes/atlas.h"
#include "data/scenes/scene.h"
#include "data/scenes/slots.h"

namespace tessera::data {

/// Gives the scene's objects (noun and colour set) their sides and places by its kind and variant.
void lay_out(Scene& scene, const Atlas& atlas, const Draws& draws);

/// At least 4 px between any two visible boxes, so that they stay apart at 64 px too.
bool has_gaps(const Scene& scene, const Atlas& atlas);

}  // namespace tessera::data
