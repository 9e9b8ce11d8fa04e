#pragma once

#include <string>
#include <vector>

#include "eval/distribution.h"
#include "io/json_fields.h"

namespace tessera::eval {

/// One JSON object, docs/eval/distribution.md: what was compared, by which definition, the numbers
/// that were asked for, pictures left out, warnings.
io::Json distribution_json(const DistributionResult& result,
                           const DistributionSide& judged,
                           const DistributionSide& reference,
                           const DistributionOptions& options);

/// The same for people: a line a number, each with its whole definition.
std::vector<std::string> distribution_lines(const DistributionResult& result,
                                            const DistributionOptions& options);

}  // namespace tessera::eval
