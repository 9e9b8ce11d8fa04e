#pragma once

#include <filesystem>

namespace torch::nn {
class Module;
}

namespace tessera::train {

/// The folder of one part ("vqvae", "transformer", …): `where` is the part itself, a model folder,
/// or a run folder. Throws kNotFound naming the places that were looked at.
std::filesystem::path find_part(const std::filesystem::path& where, const char* part);

/// Copies a part's weights into `module`, of the same sizes. Throws kShapeMismatch listing every
/// tensor that does not fit, and what reading the file throws.
void load_part(torch::nn::Module& module, const std::filesystem::path& part);

}  // namespace tessera::train
