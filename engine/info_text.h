#pragma once

#include <cstdint>
#include <string>

#include "io/json_fields.h"

namespace tessera::engine {

// What `tessera info` prints is made of.

std::string dump(const io::Json& json);  // indented; invalid UTF-8 becomes U+FFFD

/// "1234567" -> "1.23 MB".
std::string readable_bytes(std::uintmax_t bytes);

/// A title, then "name: value" lines of an object, those of nested ones further in; what is null or
/// "" has no line.
std::string text_of(const std::string& title, const io::Json& json);

}  // namespace tessera::engine
