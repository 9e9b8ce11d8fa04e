#pragma once

#include <array>
#include <vector>

namespace tessera::data {

/// A square picture of three planes, levels 0..255; a view.
struct Picture {
  const float* levels = nullptr;  // [3, side, side]
  int side = 0;
  float at(int channel, int y, int x) const { return levels[(channel * side + y) * side + x]; }
};

/// Something that is not background: a box in pixels (right and bottom exclusive).
struct Region {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;
  int area = 0;  // pixels that differ from the background
  int height() const { return bottom - top; }
  int width() const { return right - left; }
};

/// Median of the pixels along the border, a channel at a time.
std::array<float, 3> border_colour(const Picture& picture);

/// How far each pixel is from the background, Euclidean, in levels: [side, side]. `slack`: a pixel
/// of the background may have moved by so much either way (a horizon that is only about known).
std::vector<float> differences(const Picture& picture, const Picture& background, int slack);

/// Connected regions of pixels that differ by more than `threshold`, inside `window`. Regions whose
/// boxes touch become one, since a scene keeps its objects' boxes apart; specks are left out,
/// before that too where `specks_first`. Largest first.
std::vector<Region> find_regions(const std::vector<float>& differences,
                                 int side,
                                 float threshold,
                                 const Region& window,
                                 bool specks_first);

}  // namespace tessera::data
