#pragma once

#include <cstdint>
#include <string>

#include <zlib.h>

namespace tessera::test {

inline std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24),
          static_cast<char>(value >> 16),
          static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

/// A chunk as the PNG specification lays it out.
inline std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto crc =
      ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + body +
         big_endian(static_cast<std::uint32_t>(crc));
}

inline std::string deflated(const std::string& bytes) {
  uLongf size = ::compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  ::compress(reinterpret_cast<Bytef*>(out.data()),
             &size,
             reinterpret_cast<const Bytef*>(bytes.data()),
             static_cast<uLong>(bytes.size()));
  out.resize(size);
  return out;
}

struct PngParts {
  std::uint32_t width = 1;
  std::uint32_t height = 1;
  int depth = 8;
  int colour = 2;        // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha
  std::string before{};  // chunks between IHDR and IDAT
  std::string rows{};    // every row behind its filter byte
};

/// A PNG file from its parts, so that every kind and every lie can be made.
inline std::string png_file(const PngParts& parts) {
  const std::string header = big_endian(parts.width) + big_endian(parts.height) +
                             static_cast<char>(parts.depth) + static_cast<char>(parts.colour) +
                             std::string(3, '\0');
  return std::string("\x89PNG\r\n\x1a\n", 8) + png_chunk("IHDR", header) + parts.before +
         png_chunk("IDAT", deflated(parts.rows)) + png_chunk("IEND", "");
}

}  // namespace tessera::test
