#include "data/scenes/segmentation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tessera::data {
namespace {

constexpr double kSpeck = 0.003;  // least share of the picture that a region covers

float median(std::vector<float>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Takes the region that holds (y, x) out of the mask.
Region take_region(std::vector<char>& mask, int side, int y, int x, int reach) {
  Region out{y, x, y + 1, x + 1, 0};
  std::vector<std::pair<int, int>> open{{y, x}};
  mask[static_cast<std::size_t>(y * side + x)] = 0;
  while (!open.empty()) {
    const auto [cy, cx] = open.back();
    open.pop_back();
    out = {std::min(out.top, cy),
           std::min(out.left, cx),
           std::max(out.bottom, cy + 1),
           std::max(out.right, cx + 1),
           out.area + 1};
    for (int ny = std::max(0, cy - reach); ny <= std::min(side - 1, cy + reach); ++ny) {
      for (int nx = std::max(0, cx - reach); nx <= std::min(side - 1, cx + reach); ++nx) {
        char& cell = mask[static_cast<std::size_t>(ny * side + nx)];
        if (cell == 0) continue;
        cell = 0;
        open.emplace_back(ny, nx);
      }
    }
  }
  return out;
}

bool touch(const Region& a, const Region& b) {
  return a.top <= b.bottom && b.top <= a.bottom && a.left <= b.right && b.left <= a.right;
}

Region join(const Region& a, const Region& b) {
  return {std::min(a.top, b.top),
          std::min(a.left, b.left),
          std::max(a.bottom, b.bottom),
          std::max(a.right, b.right),
          a.area + b.area};
}

void join_touching(std::vector<Region>& regions) {
  for (std::size_t i = 0; i < regions.size(); ++i) {
    for (std::size_t j = 0; j < regions.size(); ++j) {
      if (i == j || !touch(regions[i], regions[j])) continue;
      regions[std::min(i, j)] = join(regions[i], regions[j]);
      regions.erase(regions.begin() + static_cast<std::ptrdiff_t>(std::max(i, j)));
      i = 0;
      j = static_cast<std::size_t>(-1);  // from the start again
    }
  }
}

}  // namespace

std::array<float, 3> border_colour(const Picture& p) {
  const int width = p.side / 32;
  std::array<float, 3> out{};
  for (int c = 0; c < 3; ++c) {
    std::vector<float> values;
    for (int y = 0; y < p.side; ++y) {
      for (int x = 0; x < p.side; ++x) {
        const bool inside = y >= width && x >= width && y < p.side - width && x < p.side - width;
        if (!inside) values.push_back(p.at(c, y, x));
      }
    }
    out[static_cast<std::size_t>(c)] = median(values);
  }
  return out;
}

std::vector<float> differences(const Picture& p, const Picture& background, int slack) {
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(p.side) * static_cast<std::size_t>(p.side));
  for (int y = 0; y < p.side; ++y) {
    for (int x = 0; x < p.side; ++x) {
      float least = std::numeric_limits<float>::max();
      for (int v = std::max(0, y - slack); v <= std::min(p.side - 1, y + slack); ++v) {
        for (int u = std::max(0, x - slack); u <= std::min(p.side - 1, x + slack); ++u) {
          float distance = 0;
          for (int c = 0; c < 3; ++c) {
            const float d = p.at(c, y, x) - background.at(c, v, u);
            distance += d * d;
          }
          least = std::min(least, distance);
        }
      }
      out.push_back(std::sqrt(least));
    }
  }
  return out;
}

std::vector<Region> find_regions(const std::vector<float>& differences,
                                 int side,
                                 float threshold,
                                 const Region& window,
                                 bool specks_first) {
  std::vector<char> mask(differences.size());
  for (int y = window.top; y < window.bottom; ++y) {
    for (int x = window.left; x < window.right; ++x) {
      const auto i = static_cast<std::size_t>(y * side + x);
      mask[i] = differences[i] > threshold ? 1 : 0;
    }
  }
  const int reach = side / 64;
  std::vector<Region> regions;
  for (int y = window.top; y < window.bottom; ++y) {
    for (int x = window.left; x < window.right; ++x) {
      if (mask[static_cast<std::size_t>(y * side + x)] != 0) {
        regions.push_back(take_region(mask, side, y, x, reach));
      }
    }
  }
  const auto drop_specks = [&] {
    std::erase_if(regions, [&](const Region& r) { return r.area < kSpeck * side * side; });
  };
  if (specks_first) drop_specks();
  join_touching(regions);
  drop_specks();
  std::ranges::sort(regions, [](const Region& a, const Region& b) { return a.area > b.area; });
  return regions;
}

}  // namespace tessera::data
