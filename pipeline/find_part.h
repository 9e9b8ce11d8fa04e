#pragma once

#include <filesystem>

namespace tessera::pipeline {

/// The folder of one part ("vqvae", "transformer", …): `where` is the part itself, a model folder,
/// or a run folder. Throws kNotFound naming the places that were looked at.
std::filesystem::path find_part(const std::filesystem::path& where, const char* part);

}  // namespace tessera::pipeline
