#include "data/scenes/contrast.h"

#include <algorithm>
#include <cstdlib>

namespace tessera::data {
namespace {

constexpr int kSide = 128;
constexpr int kOpaque = 128;        // least alpha of a pixel that counts as part of the sprite
constexpr int kClearDistance = 48;  // in levels, of the channel that differs most
constexpr std::int64_t kLeastShare = 60;  // per cent

}  // namespace

std::array<std::int64_t, 256> edge_counts(const std::uint8_t* pixels, const Palette& palette) {
  const auto opaque = [&](int y, int x) {
    return y >= 0 && x >= 0 && y < kSide && x < kSide &&
           palette[pixels[y * kSide + x]][3] >= kOpaque;
  };
  std::array<std::int64_t, 256> counts{};
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      if (!opaque(y, x)) continue;
      if (opaque(y - 1, x) && opaque(y + 1, x) && opaque(y, x - 1) && opaque(y, x + 1)) continue;
      ++counts[pixels[y * kSide + x]];
    }
  }
  return counts;
}

std::array<bool, kBackgroundCount> stands_out(const Palette& palette,
                                              const std::array<std::int64_t, 256>& edge) {
  std::array<bool, kBackgroundCount> out{};
  for (std::size_t b = 0; b < kBackgroundCount; ++b) {
    std::int64_t all = 0;
    std::int64_t clear = 0;
    for (std::size_t k = 0; k < 256; ++k) {
      int distance = 0;  // times 255, once the background shows through
      for (std::size_t c = 0; c < 3; ++c) {
        const int d = int{palette[k][c]} - int{kBackgrounds[b].rgb[c]};
        distance = std::max(distance, std::abs(d) * int{palette[k][3]});
      }
      all += edge[k];
      if (distance > kClearDistance * 255) clear += edge[k];
    }
    out[b] = 100 * clear >= kLeastShare * all;
  }
  return out;
}

}  // namespace tessera::data
