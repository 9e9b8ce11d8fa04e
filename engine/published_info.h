#pragma once

#include <filesystem>

#include "engine/file_info.h"

namespace tessera::engine {

/// Whether `path` is a model folder of diffusers, or a checkpoint of the original code with a
/// denoiser in it. Throws kCorruptFile where it is the folder of another pipeline.
bool is_published_model(const std::filesystem::path& path);

/// Its parts, what would not load, and what it is best used with ("kind" is model, "layout" says
/// whose). REQUIRES is_published_model().
FileInfo published_info(const std::filesystem::path& path);

}  // namespace tessera::engine
