#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::io {

/// The longest JSON header that any reader accepts.
inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;
/// More dimensions than this no tensor library handles.
inline constexpr std::size_t kMaxSafetensorsDimensions = 64;

/// One tensor's line of the header, as claimed: nothing is checked but the JSON types.
struct SafetensorsEntry {
  std::string dtype{};  // "F32" …
  std::vector<std::uint64_t> shape{};
  std::uint64_t begin = 0;  // offsets into the data that follows the header
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, SafetensorsEntry> entries{};
  std::map<std::string, std::string> metadata{};
};

/// Parses the JSON between the length and the data without building a document of it, so that
/// memory stays in proportion to the header. Throws kCorruptFile naming `what` and the byte offset
/// in the file: bad JSON, duplicate or unknown keys, wrong types, missing fields.
SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& what);

}  // namespace tessera::io
