#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "engine/engine.h"

namespace tessera::engine {

/// Whether a picture can be drawn again from what it says about itself.
struct Verification {
  bool equal = false;                // every pixel
  std::int64_t different = 0;        // values (of 3 * width * height) that differ
  std::int32_t greatest = 0;         // largest difference, of 255
  std::vector<std::string> notes{};  // what is not as it was when the picture was drawn
};

/// Draws the picture of `file` again and compares pixels. Throws kInvalidArgument where the file
/// says nothing about itself, kNotFound where it was drawn by another model than the engine's,
/// kCancelled.
Verification verify_picture(Engine& engine,
                            const std::filesystem::path& file,
                            const ProgressSink& progress,
                            std::stop_token stop);

}  // namespace tessera::engine
