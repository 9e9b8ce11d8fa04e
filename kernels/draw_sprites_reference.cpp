#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernels/draw_sprites.h"

namespace tessera::kernels {
namespace {

constexpr std::int64_t kPixels = DrawSprites::kSide;

/// Length of the overlap of source pixel u with canvas pixel y.
double weight(double center, double side, std::int64_t u, std::int64_t y) {
  const double low = center - side / 2 + static_cast<double>(u) * side / kPixels;
  const double high = center - side / 2 + static_cast<double>(u + 1) * side / kPixels;
  const auto edge = static_cast<double>(y);
  return std::max(0.0, std::min(high, edge + 1) - std::max(low, edge));
}

std::array<double, 4> layer_at(const DrawSprites& a,
                               std::int64_t slot,
                               std::int64_t y,
                               std::int64_t x) {
  const std::int64_t sprite = a.sprite[slot];
  std::array<double, 4> sum{};
  for (std::int64_t u = 0; u < kPixels; ++u) {
    const double wy = weight(a.center[2 * slot], a.side[slot], u, y);
    for (std::int64_t v = 0; wy > 0 && v < kPixels; ++v) {
      const double wx = weight(a.center[2 * slot + 1], a.side[slot], v, x);
      if (wx <= 0) continue;
      const std::int64_t column = a.mirror[slot] ? kPixels - 1 - v : v;
      const std::uint8_t k = a.index[(a.plane[sprite] * kPixels + u) * kPixels + column];
      const float* colour = a.palette + (sprite * 256 + k) * 4;
      for (std::size_t c = 0; c < 4; ++c) sum[c] += wy * wx * static_cast<double>(colour[c]);
    }
  }
  return sum;
}

}  // namespace

void draw_sprites_reference(const DrawSprites& a, std::int64_t first, std::int64_t last) {
  const std::int64_t factor = kPixels / a.resolution;
  for (std::int64_t scene = first; scene < last; ++scene) {
    std::vector<double> sums(static_cast<std::size_t>(3 * a.resolution * a.resolution));
    for (std::int64_t y = 0; y < kPixels; ++y) {
      for (std::int64_t x = 0; x < kPixels; ++x) {
        std::array<double, 3> pixel{};
        const bool plain = a.backdrop == nullptr || a.backdrop[scene] < 0;
        for (std::int64_t c = 0; c < 3; ++c) {
          pixel[static_cast<std::size_t>(c)] =
              plain ? a.background[scene * 3 + c]
                    : a.backdrops[((a.backdrop[scene] * 3 + c) * kPixels + y) * kPixels + x];
        }
        for (std::int64_t k = 0; k < a.objects; ++k) {
          const std::int64_t slot = scene * a.objects + k;
          if (a.plane[a.sprite[slot]] < 0) continue;
          const std::array<double, 4> layer = layer_at(a, slot, y, x);
          for (std::size_t c = 0; c < 3; ++c) pixel[c] = layer[c] + pixel[c] * (1 - layer[3]);
        }
        for (std::int64_t c = 0; c < 3; ++c) {
          const std::int64_t at = (c * a.resolution + y / factor) * a.resolution + x / factor;
          sums[static_cast<std::size_t>(at)] += pixel[static_cast<std::size_t>(c)];
        }
      }
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const double mean = sums[i] / static_cast<double>(factor * factor);
      const double level = std::floor(std::clamp(mean, 0.0, 1.0) * 255 + 0.5);
      a.out[static_cast<std::size_t>(scene) * sums.size() + i] =
          static_cast<float>(level / 127.5 - 1);
    }
  }
}

}  // namespace tessera::kernels
