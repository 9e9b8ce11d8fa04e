#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include <c10/core/ScalarType.h>

#include "pipeline/model_writer.h"

namespace tessera::pipeline {

struct NewModelOptions {
  std::string config{};  // a name of known_model_names()
  std::uint64_t seed = 0;
  at::ScalarType type = at::kFloat;  // of the files
  ModelLayout layout = ModelLayout::kTessera;
  ClipTokenizerSource clip_tokenizer{};
};

/// A model of a published one's exact shapes with random weights (nn/initialise.h, of a stream a
/// part), the same on every machine: for measuring and testing, not for pictures. One part at a
/// time is in memory, in `type`. `to` appears whole or not at all. Throws kNotFound (config) and
/// kInvalidArgument (`to` exists, a layout that cannot hold the model).
void write_random_model(const std::filesystem::path& to, const NewModelOptions& options);

}  // namespace tessera::pipeline
