#pragma once

#include <filesystem>

#include "io/json_fields.h"

namespace torch::nn {
class Module;
}

namespace tessera::train {

/// Writes a part: its options as config.json and, where there is a module, its weights.
void write_part(const std::filesystem::path& part,
                const io::Json& options,
                const torch::nn::Module* module = nullptr);

/// Copies a part's weights into `module`, of the same sizes. Throws kShapeMismatch listing every
/// tensor that does not fit, and what reading the file throws.
void load_part(torch::nn::Module& module, const std::filesystem::path& part);

}  // namespace tessera::train
