#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "nn/packed_product.h"

namespace tessera::pipeline {

/// "fp32", "bf16", "fp16"; throws kInvalidArgument listing them.
at::ScalarType scalar_type(std::string_view name);

/// The same, and "int8" (at::kChar, io/int8_rows.h): what weights can be stored in.
at::ScalarType stored_type(std::string_view name);

/// How a model that only draws is held: "bf16" and "int8" in bfloat16, of which the denoiser's
/// products are laid out as they are or become 8-bit. Else as scalar_type().
struct DrawingPrecision {
  at::ScalarType type = at::kFloat;
  std::optional<nn::Precision> products{};
};
DrawingPrecision drawing_precision(std::string_view name);

/// Of which products a processor has instructions.
struct ProductUnits {
  bool bfloat16 = false;
  bool int8 = false;
};

/// `wanted`, or float32 for products that a CPU has no instructions for: it multiplies those
/// several times slower, if at all.
DrawingPrecision supported(const DrawingPrecision& wanted, at::Device device, ProductUnits units);

/// What `name` comes to on this machine; a warning tells where it is something else.
DrawingPrecision drawing_precision_on(at::Device device, std::string_view name);

/// Of a checkpoint of the original code: "ema" true, "raw" false; throws kInvalidArgument.
bool averaged_weights(std::string_view name);

/// How a model is read. Paths that are empty stand for what lies beside the model.
struct LoadOptions {
  at::ScalarType type = at::kFloat;         // of the denoiser and the text encoder in memory
  std::optional<nn::Precision> products{};  // of a denoiser that only draws, on the CPU
  bool averaged = true;                     // Microsoft's checkpoints: the EMA where there is one
  std::filesystem::path codec{};            // Microsoft's checkpoints: the codec's file
  std::filesystem::path index_map{};        // Microsoft's checkpoints: which codes are used
  std::string path{};                       // of ModelCard::paths(); "" = the first
};

}  // namespace tessera::pipeline
