#pragma once

#include <cstdint>
#include <string>

#include "engine/engine.h"
#include "engine/image_files.h"

namespace tessera::engine {

/// The text of picture `index` of a resolved request. `provenance` is Engine::provenance(); `extra`
/// is a JSON object that is merged in ("" = nothing), such as the names of a start picture and its
/// mask.
PictureText picture_text(const GenerateRequest& resolved,
                         std::int32_t index,
                         const std::string& provenance,
                         const std::string& extra = {});

}  // namespace tessera::engine
