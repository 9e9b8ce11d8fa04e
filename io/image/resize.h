#pragma once

#include <cstdint>

#include "io/image/rgb_image.h"

namespace tessera::io {

/// How a picture of any shape fills a square.
enum class Fit : unsigned char {
  kCrop,     // the largest centred square
  kPad,      // the whole picture, centred on white
  kStretch,  // the whole picture, out of proportion
};

/// Area averaging where it shrinks, Lanczos where it grows. Throws kInvalidArgument for sides
/// outside 1 … 16,384 or an empty picture.
RgbImage resize(const RgbImage& image, std::int32_t width, std::int32_t height);

/// The centred part; sides are cut down to the picture's own.
RgbImage centre_crop(const RgbImage& image, std::int32_t width, std::int32_t height);

/// A square of `side` pixels.
RgbImage fit_square(const RgbImage& image, std::int32_t side, Fit fit);

}  // namespace tessera::io
