#pragma once

#include <string>

#include "io/json_fields.h"

namespace tessera::io {

/// What a plain scalar of YAML 1.1's core schema stands for; text where nothing else fits.
Json yaml_scalar(const std::string& text);

}  // namespace tessera::io
