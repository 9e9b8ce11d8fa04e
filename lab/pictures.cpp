#include "lab/pictures.h"

#include <cmath>
#include <numeric>

#include <ATen/ATen.h>

#include "core/error.h"
#include "data/scenes/scenes.h"

namespace tessera::lab {
namespace {

std::uint8_t level(double value, const PictureRange& range) {
  const double share = (value - range.low) / (range.high - range.low);
  return static_cast<std::uint8_t>(std::lround(255 * std::min(1.0, std::max(0.0, share))));
}

void paint(const at::Tensor& picture,
           const PictureRange& range,
           std::int64_t enlarge,
           std::int64_t top,
           std::int64_t left,
           Raster& canvas) {
  const at::Tensor pixels = picture.to(at::kCPU, at::kDouble).expand({3, -1, -1}).contiguous();
  const std::int64_t height = pixels.size(1);
  const std::int64_t width = pixels.size(2);
  const double* value = pixels.const_data_ptr<double>();
  for (std::int64_t y = 0; y < height * enlarge; ++y) {
    for (std::int64_t x = 0; x < width * enlarge; ++x) {
      const std::int64_t from = y / enlarge * width + x / enlarge;
      const auto to = static_cast<std::size_t>(3 * ((top + y) * canvas.width + left + x));
      for (std::int64_t c = 0; c < 3; ++c) {
        canvas.rgb[to + static_cast<std::size_t>(c)] =
            level(value[c * height * width + from], range);
      }
    }
  }
}

Raster blank(std::int64_t width, std::int64_t height) {
  Raster canvas{.width = width, .height = height};
  canvas.rgb.assign(static_cast<std::size_t>(3 * width * height), 255);
  return canvas;
}

}  // namespace

at::Tensor scene_pictures(const std::filesystem::path& atlas,
                          std::int64_t count,
                          std::int64_t side,
                          SceneChoice choice) {
  TESSERA_CHECK(side >= 1 && 64 % side == 0,
                kInvalidArgument,
                "the side of the pictures must divide 64, got ",
                side);
  data::SceneOptions options;
  if (choice == SceneChoice::kSingle) options.kinds = {"single"};
  const auto source = data::open_scenes(atlas, options);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  const at::Tensor images = source->draw(source->program(indices), at::kCPU).to(at::kDouble);
  return at::avg_pool2d(images, {64 / side, 64 / side});
}

Raster raster_of(const at::Tensor& picture, const PictureRange& range, std::int64_t enlarge) {
  TESSERA_CHECK(
      picture.dim() == 3, kShapeMismatch, "a picture is [C, H, W], got ", picture.sizes());
  Raster canvas = blank(picture.size(2) * enlarge, picture.size(1) * enlarge);
  paint(picture, range, enlarge, 0, 0, canvas);
  return canvas;
}

Raster sheet_of(const at::Tensor& pictures, const Sheet& sheet) {
  TESSERA_CHECK(pictures.dim() == 4 && pictures.size(0) > 0,
                kShapeMismatch,
                "a sheet takes pictures [N, C, H, W], got ",
                pictures.sizes());
  const std::int64_t rows = (pictures.size(0) + sheet.columns - 1) / sheet.columns;
  const std::int64_t gap = std::max<std::int64_t>(2, pictures.size(3) * sheet.enlarge / 16);
  const std::int64_t height = pictures.size(2) * sheet.enlarge + gap;
  const std::int64_t width = pictures.size(3) * sheet.enlarge + gap;
  Raster canvas = blank(width * sheet.columns, height * rows);
  for (std::int64_t i = 0; i < pictures.size(0); ++i) {
    paint(pictures[i],
          sheet.range,
          sheet.enlarge,
          i / sheet.columns * height + gap / 2,
          i % sheet.columns * width + gap / 2,
          canvas);
  }
  canvas.left = -0.5;
  canvas.right = static_cast<double>(sheet.columns) - 0.5;
  canvas.top = -0.5;
  canvas.bottom = static_cast<double>(rows) - 0.5;
  return canvas;
}

Panel sheet_panel(const at::Tensor& pictures,
                  const Sheet& sheet,
                  const std::vector<std::string>& over_columns,
                  const std::vector<std::string>& beside_rows) {
  Raster raster = sheet_of(pictures, sheet);
  Panel panel{.x = {.hidden = true, .from = raster.left, .to = raster.right},
              .y = {.reversed = true, .hidden = true, .from = raster.top, .to = raster.bottom},
              .legend = Legend::kNone,
              .equal_scales = true,
              .frameless = true};
  const double top = raster.top;
  if (!over_columns.empty()) panel.y.from = top - 0.3;  // room for the words
  panel.layers.emplace_back(std::move(raster));
  for (std::size_t i = 0; i < over_columns.size(); ++i) {
    panel.layers.emplace_back(
        Words{.text = over_columns[i], .x = static_cast<double>(i), .y = top - 0.12});
  }
  for (std::size_t i = 0; i < beside_rows.size(); ++i) {
    panel.layers.emplace_back(Words{.text = beside_rows[i],
                                    .x = -0.62,
                                    .y = static_cast<double>(i),
                                    .anchor = Words::Anchor::kRight});
  }
  return panel;
}

}  // namespace tessera::lab
