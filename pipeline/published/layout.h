#pragma once

#include <filesystem>
#include <string_view>

namespace tessera::pipeline {

/// Who laid a model out.
enum class ModelLayout {
  kTessera,    // a folder, model_index.json with "schema"
  kDiffusers,  // a folder, model_index.json of the class VQDiffusionPipeline
  kMicrosoft,  // one training checkpoint of the original code, its codec inside or beside it
};

/// "tessera" or "diffusers", the layouts that are written; throws kInvalidArgument.
ModelLayout layout_named(std::string_view name);

/// Told by content. Throws kNotFound where there is nothing, kCorruptFile where it is no model of
/// one of these layouts, naming what it is instead.
ModelLayout layout_of(const std::filesystem::path& model);

}  // namespace tessera::pipeline
