#pragma once

#include <cstdint>

namespace tessera::kernels {

/// Draws scenes of sprites on a 128 x 128 canvas: every sprite is reduced by exact area averaging
/// (a real-valued side and position), premultiplied, and laid over what is below it. Then the mean
/// of every 2 x 2 pixels where `resolution` is 64, one rounding to 8-bit levels, and the range [-1,
/// 1].
///
/// Source pixel u of a sprite covers [e(u), e(u + 1)] of the canvas, e(u) = center - side/2 + u
/// side/128; its weight in canvas pixel y is the length of the overlap with [y, y + 1].
struct DrawSprites {
  static constexpr std::int64_t kSide = 128;

  const std::uint8_t* index = nullptr;  // [planes, 128, 128] palette index
  const std::int32_t* box = nullptr;    // [planes, 4] visible part: top, left, bottom, right
  const std::int32_t* plane = nullptr;  // [sprites] row of `index`; < 0 = nothing to draw
  const float* palette = nullptr;       // [sprites, 256, 4] premultiplied RGBA in [0, 1]

  std::int64_t scenes = 0;
  std::int64_t objects = 0;                // slots a scene, back to front
  const std::int64_t* sprite = nullptr;    // [scenes, objects]
  const float* center = nullptr;           // [scenes, objects, 2] y, x
  const float* side = nullptr;             // [scenes, objects] in (0, 128]
  const bool* mirror = nullptr;            // [scenes, objects] left-right
  const float* background = nullptr;       // [scenes, 3] in [0, 1]
  const float* backdrops = nullptr;        // [n, 3, 128, 128] in [0, 1], or null
  const std::int64_t* backdrop = nullptr;  // [scenes] row of `backdrops`, -1 = plain; or null

  std::int64_t resolution = kSide;  // 64 or 128
  float* out = nullptr;             // [scenes, 3, resolution, resolution]
};

/// Scenes first .. last-1; a scene's pixels depend on that scene alone. Works inside the sprites'
/// visible boxes only: about 0.1 ms for two objects of 54 px.
void draw_sprites(const DrawSprites& args, std::int64_t first, std::int64_t last);

/// The same by the definition: dense, in float64 until the rounding; slow.
void draw_sprites_reference(const DrawSprites& args, std::int64_t first, std::int64_t last);

}  // namespace tessera::kernels
