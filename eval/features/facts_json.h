#pragma once

#include <string>

#include "eval/features/feature_extractor.h"
#include "io/json_fields.h"

namespace tessera::eval {

/// {"features", "weights", "preprocessing", "precision", "dims"}.
io::Json facts_to_json(const FeatureFacts& facts);
/// Throws kCorruptFile naming `what` where a value is missing or of another type.
FeatureFacts facts_from_json(const io::Json& json, const std::string& what);

/// Throws kInvalidArgument naming both where numbers of the two cannot be compared. The precision
/// may differ.
void check_comparable(const FeatureFacts& a, const FeatureFacts& b, const std::string& what);

/// "inception-2015-12-05 (weights 1a2b3c4d5e6f), clean, fp32".
std::string describe(const FeatureFacts& facts);

}  // namespace tessera::eval
