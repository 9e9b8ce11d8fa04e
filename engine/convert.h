#pragma once

#include <filesystem>
#include <string>

namespace tessera::engine {

/// A model (as resolve_model() takes it) with its weights in another number type ("fp32", "bf16",
/// "fp16"); `to` is new.
void convert_model(const std::filesystem::path& from,
                   const std::filesystem::path& to,
                   const std::string& type);

}  // namespace tessera::engine
