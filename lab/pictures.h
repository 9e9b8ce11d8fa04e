#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lab/figure.h"

namespace tessera::lab {

enum class SceneChoice : unsigned char {
  kAny,     // all kinds
  kSingle,  // one object
};

/// Scenes 0 .. count - 1 of the training split, drawn at 64 and averaged down: [count, 3, side,
/// side] float64 in [-1, 1]; side divides 64. Throws as data::open_scenes.
at::Tensor scene_pictures(const std::filesystem::path& atlas,
                          std::int64_t count,
                          std::int64_t side,
                          SceneChoice choice);

/// Pictures [N, 3 or 1, H, W], shown from low to high (outside is clamped).
struct PictureRange {
  double low = -1.0;
  double high = 1.0;
};

/// One picture as a raster over the rectangle left..right, bottom..top; each pixel is drawn
/// `enlarge` times in both directions.
Raster raster_of(const at::Tensor& picture,
                 const PictureRange& range = {},
                 std::int64_t enlarge = 1);

/// A sheet of pictures with a gap between them, white behind: row by row, `columns` a row. Picture
/// (row, column) has its centre at x = column, y = row, so y is best reversed.
struct Sheet {
  std::int64_t columns = 1;
  std::int64_t enlarge = 4;
  PictureRange range{};
};
Raster sheet_of(const at::Tensor& pictures, const Sheet& sheet);

/// A panel that shows the sheet, with words over its columns and beside its rows (either may be
/// empty).
Panel sheet_panel(const at::Tensor& pictures,
                  const Sheet& sheet,
                  const std::vector<std::string>& over_columns,
                  const std::vector<std::string>& beside_rows);

}  // namespace tessera::lab
