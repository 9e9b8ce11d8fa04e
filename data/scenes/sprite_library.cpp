#include "data/scenes/sprite_library.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tessera::data {
namespace {

constexpr int kGrid = SpriteLibrary::kGrid;
constexpr int kCells = SpriteLibrary::kCells;
constexpr float kAspectWeight = 4000;
constexpr std::array<float, 3> kShrinks{0, 0.6F, 1.2F};  // each side, in pixels of a 64 picture
constexpr std::array<float, 2> kGrowths{0.1F, 0.2F};     // of a side, at one end

/// A region with edges between pixels.
struct Window {
  float top = 0;
  float left = 0;
  float bottom = 0;
  float right = 0;
};

/// Where an object may end of which a region was found. Blurred, it looks larger than it is; and
/// what is thin or pale (a handle, a leg, a string) may be lost at one of its ends.
std::vector<Window> windows_of(const Region& r, int side) {
  const auto whole = static_cast<float>(side);
  const Window box{static_cast<float>(r.top),
                   static_cast<float>(r.left),
                   static_cast<float>(r.bottom),
                   static_cast<float>(r.right)};
  std::vector<Window> out;
  for (const float step : kShrinks) {
    const float by = step * whole / 64;
    const Window window{box.top + by, box.left + by, box.bottom - by, box.right - by};
    if (std::min(window.bottom - window.top, window.right - window.left) < 4) break;
    out.push_back(window);
  }
  for (const float growth : kGrowths) {
    const float down = growth * (box.bottom - box.top);
    const float across = growth * (box.right - box.left);
    if (box.top >= down) out.push_back({box.top - down, box.left, box.bottom, box.right});
    if (box.bottom + down <= whole) {
      out.push_back({box.top, box.left, box.bottom + down, box.right});
    }
    if (box.left >= across) out.push_back({box.top, box.left - across, box.bottom, box.right});
    if (box.right + across <= whole) {
      out.push_back({box.top, box.left, box.bottom, box.right + across});
    }
  }
  return out;
}

/// Mean of `plane` [side, side] over each cell of a grid laid on a window.
void reduce(const float* plane, int side, const Window& window, float* out) {
  const float cell_height = (window.bottom - window.top) / kGrid;
  const float cell_width = (window.right - window.left) / kGrid;
  for (int gy = 0; gy < kGrid; ++gy) {
    const float top = window.top + cell_height * static_cast<float>(gy);
    const float bottom = top + cell_height;
    for (int gx = 0; gx < kGrid; ++gx) {
      const float left = window.left + cell_width * static_cast<float>(gx);
      const float right = left + cell_width;
      float sum = 0;
      for (int y = static_cast<int>(top); y < side && static_cast<float>(y) < bottom; ++y) {
        const auto low = static_cast<float>(y);
        const float wy = std::min(bottom, low + 1) - std::max(top, low);
        float row = 0;
        for (int x = static_cast<int>(left); x < side && static_cast<float>(x) < right; ++x) {
          const auto edge = static_cast<float>(x);
          row += (std::min(right, edge + 1) - std::max(left, edge)) * plane[y * side + x];
        }
        sum += wy * row;
      }
      out[gy * kGrid + gx] = sum / (cell_height * cell_width);
    }
  }
}

using Grid3 = std::array<float, 3 * kCells>;

Grid3 reduce3(const Picture& p, const Window& window) {
  Grid3 out;
  for (int c = 0; c < 3; ++c)
    reduce(p.levels + c * p.side * p.side, p.side, window, out.data() + c * kCells);
  return out;
}

Grid3 flipped(const Grid3& grid) {
  Grid3 out;
  for (std::size_t row = 0; row < out.size(); row += kGrid) {
    std::reverse_copy(grid.begin() + static_cast<std::ptrdiff_t>(row),
                      grid.begin() + static_cast<std::ptrdiff_t>(row) + kGrid,
                      out.begin() + static_cast<std::ptrdiff_t>(row));
  }
  return out;
}

/// Mean squared difference of a picture and a sprite over a background.
float distance(const Grid3& picture, const Grid3& background, const float* sprite) {
  const float* alpha = sprite + 3 * kCells;
  float sum = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < kCells; ++i) {
      const std::size_t k = c * kCells + i;
      const float d = picture[k] - sprite[k] - (1 - alpha[i]) * background[k];
      sum += d * d;
    }
  }
  return sum / (3 * kCells);
}

}  // namespace

SpriteLibrary::SpriteLibrary(const Atlas& atlas, const std::vector<int>& chosen) {
  const auto* index = atlas.index.const_data_ptr<std::uint8_t>();
  const auto* palette = atlas.palette.const_data_ptr<float>();
  constexpr std::size_t kPixels = std::size_t{kSpriteSide} * kSpriteSide;
  std::vector<float> plane(kPixels);
  for (const int noun : chosen) {
    const Box& box = atlas.boxes[static_cast<std::size_t>(noun)];
    const Window window{static_cast<float>(box.top),
                        static_cast<float>(box.left),
                        static_cast<float>(box.bottom),
                        static_cast<float>(box.right)};
    const bool recolourable = nouns()[static_cast<std::size_t>(noun)].recolour_rank >= 0;
    for (int colour = -1; colour < (recolourable ? kObjectColourCount : 0); ++colour) {
      Entry entry{.noun = noun, .colour = colour};
      entry.log_aspect =
          std::log(static_cast<float>(box.height()) / static_cast<float>(box.width()));
      const float* colours = palette + std::ptrdiff_t{sprite_row(noun, colour)} * 1024;
      const std::uint8_t* pixels = index + static_cast<std::size_t>(noun) * kPixels;
      for (int c = 0; c < 4; ++c) {
        for (std::size_t i = 0; i < kPixels; ++i) {
          plane[i] = colours[4 * pixels[i] + c] * (c < 3 ? 255.0F : 1.0F);
        }
        reduce(plane.data(), kSpriteSide, window, entry.grid.data() + c * kCells);
      }
      entries_.push_back(entry);
    }
  }
}

SpriteLibrary::Match SpriteLibrary::nearest(const Picture& picture,
                                            const Picture& background,
                                            const Region& region) const {
  std::vector<float> distances(entries_.size(), std::numeric_limits<float>::max());
  for (const Window& window : windows_of(region, picture.side)) {
    const Grid3 seen = reduce3(picture, window);
    const Grid3 behind = reduce3(background, window);
    const Grid3 seen_flipped = flipped(seen);
    const Grid3 behind_flipped = flipped(behind);
    const float log_aspect = std::log((window.bottom - window.top) / (window.right - window.left));
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      const Entry& entry = entries_[k];
      const float turn = entry.log_aspect - log_aspect;
      const float d = kAspectWeight * turn * turn +
                      std::min(distance(seen, behind, entry.grid.data()),
                               distance(seen_flipped, behind_flipped, entry.grid.data()));
      distances[k] = std::min(distances[k], d);
    }
  }
  const auto best = [&](auto suits) {
    std::size_t out = entries_.size();
    for (std::size_t k = 0; k < entries_.size(); ++k) {
      if (suits(entries_[k]) && (out == entries_.size() || distances[k] < distances[out])) out = k;
    }
    return out;
  };
  const std::size_t nearest = best([](const Entry&) { return true; });
  Match out{.noun = entries_[nearest].noun, .distance = distances[nearest]};
  const std::size_t colour =
      best([&](const Entry& e) { return e.noun == out.noun && e.colour >= 0; });
  const std::size_t any = best([](const Entry& e) { return e.colour >= 0; });
  if (colour < entries_.size()) out.colour = entries_[colour].colour;
  if (any < entries_.size()) out.any_colour = entries_[any].colour;
  return out;
}

}  // namespace tessera::data
