#pragma once

#include <filesystem>
#include <string>

#include <c10/util/Exception.h>

#include "core/error.h"
#include "io/json_fields.h"
#include "io/state_dict.h"

namespace tessera::pipeline {

inline constexpr const char* kConfigFile = "config.json";
inline constexpr const char* kWeightsFile = "model.safetensors";
inline constexpr const char* kTableFile = "tokens.tsv";

/// Runs `load` for a part of a model; what its options or weights complain about is a damaged
/// model, so it is reported as such, with the part's folder in front. Throws kNotFound where the
/// part is missing.
template <typename Load>
auto in_part(const std::filesystem::path& part, Load load) {
  TESSERA_CHECK(std::filesystem::is_directory(part),
                kNotFound,
                part.string(),
                ": this part of the model is missing");
  try {
    return load();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kIo ||
        error.code() == ErrorCode::kUnavailable) {
      throw;
    }
    const std::string what = error.what();
    const bool named = what.find(part.string()) != std::string::npos;
    TESSERA_THROW(kCorruptFile, named ? "" : part.string() + ": ", what);
  } catch (const c10::Error& error) {
    TESSERA_THROW(kCorruptFile, part.string(), ": ", error.what_without_backtrace());
  }
}

/// The options of a part, checked.
template <typename Options>
Options read_options(const std::filesystem::path& part) {
  Options options;
  const std::filesystem::path file = part / kConfigFile;
  io::from_json_fields(io::read_json(file), options, file.string());
  options.validate();
  return options;
}

/// The weights of a part into a module of the same tensors.
inline void load_weights(torch::nn::Module& module, const std::filesystem::path& part) {
  const std::filesystem::path file = part / kWeightsFile;
  io::load_strictly(module, io::read_state_dict(file), file.string());
}

}  // namespace tessera::pipeline
