#pragma once

#include <cstdint>
#include <vector>

namespace tessera::io {

/// 8-bit RGB, row-major from the top left, no padding: pixels.size() == 3 * width * height.
struct RgbImage {
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::vector<std::uint8_t> pixels{};

  bool operator==(const RgbImage&) const = default;
};

}  // namespace tessera::io
