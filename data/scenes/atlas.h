#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/scenes/colours.h"
#include "data/scenes/nouns.h"

namespace tessera::data {

/// Rows of the atlas: 0..199 the nouns in their own colours, 200..535 the recolourable nouns by
/// rank in the seven object colours, 536 fully transparent.
inline constexpr int kSpriteCount = kNounCount + kRecolourableCount * kObjectColourCount;
inline constexpr int kNoSprite = kSpriteCount;
inline constexpr int kSpriteSide = 128;  // also the side of the canvas

/// Row of a noun in a colour; -1 = its own.
int sprite_row(int noun, int colour);

/// Visible part of a bitmap (alpha > 0), in its own pixels; right and bottom are exclusive.
struct Box {
  int top = 0;
  int left = 0;
  int bottom = 0;
  int right = 0;
  int height() const { return bottom - top; }
  int width() const { return right - left; }
};

/// The sprites, as palettes over shared bitmaps: a recoloured sprite is another palette.
struct Atlas {
  at::Tensor index{};        // [200, 128, 128] uint8, palette index of each pixel
  at::Tensor palette{};      // [537, 256, 4] float32, premultiplied RGBA in [0, 1]
  at::Tensor plane{};        // [537] int32, row of `index` that a sprite uses; -1 = none
  at::Tensor box{};          // [200, 4] int32, visible boxes: top, left, bottom, right
  std::vector<Box> boxes{};  // the same, one a noun
  std::vector<std::array<bool, kBackgroundCount>> contrast{};  // [536], drawn well on a background
  std::string hash{};  // 16 hex digits over the bitmaps and palettes of the file

  /// [rows.numel(), 4, 128, 128] float32, premultiplied: the bitmaps themselves. No row may be 536.
  at::Tensor sprites(const at::Tensor& rows) const;
};

/// Reads emoji.safetensors. Throws kNotFound, or kCorruptFile when it is not such an atlas or its
/// nouns are others than those of the noun table.
std::shared_ptr<const Atlas> read_atlas(const std::filesystem::path& file);

}  // namespace tessera::data
