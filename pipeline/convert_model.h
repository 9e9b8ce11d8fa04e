#pragma once

#include <filesystem>
#include <string_view>

namespace tessera::pipeline {

/// Copies the model folder `from` to `to` with its weights in `type`: "fp32", "bf16" or "fp16".
/// What is no weight (options, tokenizer) is copied as it is, the averages behind an EMA codebook
/// are left out; the card gets the hashes of the new files. `to` must not exist; it appears whole
/// or not at all. bf16 halves a model; the parts compute in float32 whatever the files hold. Throws
/// kInvalidArgument (unknown type, `to` exists) and what reading `from` throws.
void convert_model(const std::filesystem::path& from,
                   const std::filesystem::path& to,
                   std::string_view type);

}  // namespace tessera::pipeline
