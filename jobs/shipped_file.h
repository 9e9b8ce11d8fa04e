#pragma once

#include <filesystem>

namespace tessera::jobs {

/// A file that comes with the program, such as "data/scenes/atlas/emoji.safetensors": looked for in
/// the folder of the running program and in those above it, then in the current folder. Throws
/// kNotFound naming the places.
std::filesystem::path shipped_file(const std::filesystem::path& relative);

/// The sprites of emoji-scenes: `given` where it is not empty, else $TESSERA_ATLAS, else the
/// shipped.
std::filesystem::path atlas_file(const std::filesystem::path& given);

}  // namespace tessera::jobs
