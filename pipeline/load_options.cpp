#include "pipeline/load_options.h"

#include "core/error.h"
#include "core/log.h"

namespace tessera::pipeline {

at::ScalarType scalar_type(std::string_view name) {
  if (name == "fp32") return at::kFloat;
  if (name == "bf16") return at::kBFloat16;
  if (name == "fp16") return at::kHalf;
  TESSERA_THROW(
      kInvalidArgument, "no number type is named \"", name, "\"; known: fp32, bf16, fp16");
}

at::ScalarType stored_type(std::string_view name) {
  return name == "int8" ? at::kChar : scalar_type(name);
}

DrawingPrecision drawing_precision(std::string_view name) {
  if (name == "int8") return {.type = at::kBFloat16, .products = nn::Precision::kInt8};
  if (name == "bf16") return {.type = at::kBFloat16, .products = nn::Precision::kBfloat16};
  return {.type = scalar_type(name)};
}

DrawingPrecision supported(const DrawingPrecision& wanted, at::Device device, ProductUnits units) {
  if (!device.is_cpu() || !wanted.products) return wanted;
  const bool fast = *wanted.products == nn::Precision::kInt8 ? units.int8 : units.bfloat16;
  return fast ? wanted : DrawingPrecision{};
}

DrawingPrecision drawing_precision_on(at::Device device, std::string_view name) {
  const DrawingPrecision wanted = drawing_precision(name);
  const DrawingPrecision found = supported(
      wanted, device, {.bfloat16 = nn::has_bfloat16_units(), .int8 = nn::has_int8_units()});
  if (found.products != wanted.products) {
    const bool bytes = wanted.products == nn::Precision::kInt8;
    log_warning(concat("this processor has no instructions for ",
                       bytes ? "int8 products (VNNI, AMX)" : "bf16 products (AVX512_BF16, AMX)",
                       ": drawing in fp32"));
  }
  return found;
}

bool averaged_weights(std::string_view name) {
  TESSERA_CHECK(name == "ema" || name == "raw",
                kInvalidArgument,
                "weights must be ema or raw, got \"",
                name,
                "\"");
  return name == "ema";
}

}  // namespace tessera::pipeline
