#pragma once

#include <array>
#include <cstdint>

#include "data/scenes/atlas.h"
#include "data/scenes/scenes.h"

namespace tessera::data {

inline constexpr int kKindCount = 11;
inline constexpr int kPlaceCount = 10;
inline constexpr int kPlaceValueCount = 28;
inline constexpr int kPositionCount = 9;

/// One sprite of a scene. Pixels are those of the 128 canvas.
struct Object {
  int noun = -1;
  int colour = -1;  // -1 = the sprite's own
  double y = 0;     // centre of the whole bitmap
  double x = 0;
  double side = 0;  // of the whole bitmap
  bool mirror = false;
};

/// One scene as plain numbers: a row of SceneProgram.
struct Scene {
  Kind kind = Kind::kSingle;
  int background = -1;
  int place = -1;
  int count = 0;  // how many of `objects` there are
  std::array<Object, kMaxObjects> objects{};
  int variant = 0;  // see the variant_ functions
  std::array<int, 4> wording{};
  std::array<float, 3> background_rgb{};
  std::array<float, kPlaceValueCount> place_values{};
};

/// What `variant` means. Position: 0..8, row by row from the top left. Size: 0 large, 1 small.
enum class Relation : int { kLeft, kRight, kAbove, kBelow };
inline Relation relation_of(const Scene& scene) {
  return static_cast<Relation>(scene.variant);
}
inline int count_of(const Scene& scene) {
  return scene.variant + 2;
}
/// Two counts: how many of the noun above and of the noun below.
struct CountPair {
  int above = 1;
  int below = 1;
};
inline constexpr std::array<CountPair, 8> kCountPairs{
    {{1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}}};

/// Visible box of an object on the canvas: top, left, height, width.
struct PlacedBox {
  double top = 0;
  double left = 0;
  double height = 0;
  double width = 0;
  double center_y() const { return top + height / 2; }
  double center_x() const { return left + width / 2; }
};
PlacedBox placed_box(const Object& object, const Box& visible);

/// The object whose visible box has its longest side `visible_side` (the bitmap is never enlarged)
/// and its middle at (y, x).
Object place_object(
    int noun, int colour, const Box& visible, double visible_side, double y, double x, bool mirror);

SceneProgram pack(const std::vector<Scene>& scenes);
Scene unpack(const SceneProgram& program, std::int64_t row);

}  // namespace tessera::data
