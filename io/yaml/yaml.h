#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "io/json_fields.h"

namespace tessera::io {

/// A YAML document as JSON: mappings, sequences, and plain scalars typed as YAML 1.1's core schema
/// has it (null, yes/no/on/off/true/false, decimal, 0x, 0b and 0-octal integers with "_", decimal
/// numbers, .inf and .nan); "1e-6", which 1.1 takes for text, is a number too. Text: quoted
/// scalars, dates, and sexagesimal numbers. A key that comes twice keeps its last value.
/// An untrusted file is bounded: 1 MiB, 64 levels, and 200,000 nodes and characters after aliases
/// are replaced by what they stand for. Tags beyond the core's, merge keys, keys that are no
/// scalars and a second document are refused.
/// Throws kNotFound, or kCorruptFile with line and column.
Json read_yaml(const std::filesystem::path& file);
Json parse_yaml(std::string_view text, const std::string& what);

}  // namespace tessera::io
