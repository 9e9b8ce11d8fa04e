#include "train/clip_options.h"

#include "core/error.h"

namespace tessera::train {
namespace {

void in_range(const char* key, double value, double least, double most) {
  TESSERA_CHECK(value >= least && value <= most,
                kInvalidArgument,
                "objective.",
                key,
                " must lie in [",
                least,
                ", ",
                most,
                "], got ",
                value);
}

}  // namespace

void ClipModelSection::validate() const {
  TESSERA_CHECK(
      !tokenizer.empty(), kInvalidArgument, "model.tokenizer must name a folder, got \"\"");
  TESSERA_CHECK(weights == "bf16" || weights == "int8" || weights == "fp32",
                kInvalidArgument,
                "model.weights must be bf16, int8 or fp32, got \"",
                weights,
                "\"");
  try {
    clip.validate();
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, "model.", error.what());
  }
}

void ClipObjective::validate() const {
  in_range("swaps", static_cast<double>(swaps), 0, 8);
  in_range("swap_weight", swap_weight, 0, 100);
  in_range("noise", noise, 0, 1);
  in_range("blur", blur, 0, 1);
}

}  // namespace tessera::train
