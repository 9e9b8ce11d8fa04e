#pragma once

#include <string>

#include "data/scenes/atlas.h"
#include "data/scenes/scene.h"

namespace tessera::data {

/// One line of JSON: kind, objects (noun, colour, box), background, place, what the kind varies,
/// and the classes of held-out keys. Boxes are [left, top, width, height] as parts of the canvas.
std::string meaning_json(const Scene& scene, const Atlas& atlas);

}  // namespace tessera::data
