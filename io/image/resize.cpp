#include "io/image/resize.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "io/image/image_size.h"

namespace tessera::io {
namespace {

std::size_t bytes_of(std::int32_t width, std::int32_t height) {
  return 3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
}

/// Copies `width` x `height` pixels between places of two pictures.
void copy_part(const RgbImage& from,
               std::int32_t from_x,
               std::int32_t from_y,
               RgbImage& to,
               std::int32_t to_x,
               std::int32_t to_y,
               std::int32_t width,
               std::int32_t height) {
  for (std::int32_t y = 0; y < height; ++y) {
    const auto begin = from.pixels.begin() +
                       static_cast<std::ptrdiff_t>(bytes_of(from.width, from_y + y)) + 3 * from_x;
    std::copy(
        begin,
        begin + 3 * width,
        to.pixels.begin() + static_cast<std::ptrdiff_t>(bytes_of(to.width, to_y + y)) + 3 * to_x);
  }
}

}  // namespace

RgbImage resize(const RgbImage& image, std::int32_t width, std::int32_t height) {
  TESSERA_CHECK(width >= 1 && height >= 1 && width <= kMaxImageSide && height <= kMaxImageSide,
                kInvalidArgument,
                "a picture cannot be resized to ",
                width,
                "x",
                height);
  TESSERA_CHECK(image.width >= 1 && image.height >= 1 &&
                    image.pixels.size() == bytes_of(image.width, image.height),
                kInvalidArgument,
                "a picture of ",
                image.width,
                "x",
                image.height,
                " cannot be resized");
  if (width == image.width && height == image.height) return image;
  RgbImage out{.width = width, .height = height};
  out.pixels.resize(bytes_of(width, height));
  const cv::Mat from(
      image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat to(height, width, CV_8UC3, out.pixels.data());
  const bool shrinks = width <= image.width && height <= image.height;
  cv::resize(from, to, to.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LANCZOS4);
  return out;
}

RgbImage centre_crop(const RgbImage& image, std::int32_t width, std::int32_t height) {
  width = std::min(width, image.width);
  height = std::min(height, image.height);
  RgbImage out{.width = width, .height = height};
  out.pixels.resize(bytes_of(width, height));
  copy_part(
      image, (image.width - width) / 2, (image.height - height) / 2, out, 0, 0, width, height);
  return out;
}

RgbImage fit_square(const RgbImage& image, std::int32_t side, Fit fit) {
  if (fit == Fit::kStretch) return resize(image, side, side);
  if (fit == Fit::kCrop) {
    const std::int32_t shorter = std::min(image.width, image.height);
    return resize(centre_crop(image, shorter, shorter), side, side);
  }
  const double scale = static_cast<double>(side) / std::max({image.width, image.height, 1});
  const auto scaled = [&](std::int32_t length) {
    return std::clamp(static_cast<std::int32_t>(std::lround(length * scale)), 1, side);
  };
  const RgbImage inner = resize(image, scaled(image.width), scaled(image.height));
  RgbImage out{.width = side, .height = side};
  out.pixels.assign(bytes_of(side, side), 255);
  copy_part(inner,
            0,
            0,
            out,
            (side - inner.width) / 2,
            (side - inner.height) / 2,
            inner.width,
            inner.height);
  return out;
}

}  // namespace tessera::io
