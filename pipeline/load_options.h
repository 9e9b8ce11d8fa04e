#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <c10/core/ScalarType.h>

namespace tessera::pipeline {

/// "fp32", "bf16", "fp16"; throws kInvalidArgument listing them.
at::ScalarType scalar_type(std::string_view name);

/// Of a checkpoint of the original code: "ema" true, "raw" false; throws kInvalidArgument.
bool averaged_weights(std::string_view name);

/// How a model is read. Paths that are empty stand for what lies beside the model.
struct LoadOptions {
  at::ScalarType type = at::kFloat;   // of the denoiser and the text encoder in memory
  bool averaged = true;               // Microsoft's checkpoints: the EMA where there is one
  std::filesystem::path codec{};      // Microsoft's checkpoints: the codec's file
  std::filesystem::path index_map{};  // Microsoft's checkpoints: which codes are used
  std::string path{};                 // of ModelCard::paths(); "" = the first
};

}  // namespace tessera::pipeline
