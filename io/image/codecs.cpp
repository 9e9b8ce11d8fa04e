#include "io/image/codecs.h"

#include <limits>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/image/image_size.h"
#include "io/image/silence.h"

namespace tessera::io {
namespace {

/// BGRA over white.
cv::Mat on_white(const cv::Mat& bgra) {
  cv::Mat out(bgra.size(), CV_8UC3);
  for (int y = 0; y < bgra.rows; ++y) {
    const cv::Vec4b* from = bgra.ptr<cv::Vec4b>(y);
    cv::Vec3b* to = out.ptr<cv::Vec3b>(y);
    for (int x = 0; x < bgra.cols; ++x) {
      const int alpha = from[x][3];
      for (int c = 0; c < 3; ++c) {
        const int sum = from[x][c] * alpha + 255 * (255 - alpha);
        to[x][c] = static_cast<std::uint8_t>((sum + 127) / 255);
      }
    }
  }
  return out;
}

/// Anything that a decoder gives -> 8-bit BGR.
cv::Mat as_bgr(const cv::Mat& decoded) {
  cv::Mat image = decoded;
  if (image.depth() == CV_16U) image.convertTo(image, CV_8U, 1.0 / 257.0);
  if (image.depth() != CV_8U) return {};
  if (image.channels() == 1) cv::cvtColor(image, image, cv::COLOR_GRAY2BGR);
  if (image.channels() == 4) return on_white(image);
  return image.channels() == 3 ? image : cv::Mat();
}

/// Empty where the bytes do not decode.
cv::Mat decode(std::string_view bytes, ImageFormat format) {
  // Formats with transparency are read as they are; of a JPEG, COLOR also obeys the orientation.
  const bool may_be_transparent = format == ImageFormat::kPng || format == ImageFormat::kWebp;
  const Silence silence;
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  try {
    const cv::Mat raw(1,
                      static_cast<int>(bytes.size()),
                      CV_8UC1,
                      const_cast<char*>(bytes.data()));  // read only; Mat has no const form
    return as_bgr(cv::imdecode(raw, may_be_transparent ? cv::IMREAD_UNCHANGED : cv::IMREAD_COLOR));
  } catch (const cv::Exception&) {
    return {};
  }
}

}  // namespace

RgbImage decode_image(std::string_view bytes, const std::string& what) {
  const ImageSize size = inspect_image(bytes, what);
  TESSERA_CHECK(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()),
                kCorruptFile,
                what,
                ": larger than 2 GiB");
  const cv::Mat bgr = decode(bytes, size.format);
  TESSERA_CHECK(!bgr.empty(), kCorruptFile, what, ": damaged or cut short, cannot be decoded");
  RgbImage image{.width = bgr.cols, .height = bgr.rows};
  image.pixels.resize(3 * static_cast<std::size_t>(bgr.cols) * static_cast<std::size_t>(bgr.rows));
  cv::Mat rgb(bgr.rows, bgr.cols, CV_8UC3, image.pixels.data());
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return image;
}

RgbImage read_image(const std::filesystem::path& file) {
  return decode_image(read_file(file), file.string());
}

std::string encode_png(const RgbImage& image) {
  const auto wanted = 3 * static_cast<std::int64_t>(image.width) * image.height;
  TESSERA_CHECK(image.width >= 1 && image.height >= 1 && image.width <= kMaxImageSide &&
                    image.height <= kMaxImageSide &&
                    static_cast<std::int64_t>(image.pixels.size()) == wanted,
                kInvalidArgument,
                "cannot write a picture of ",
                image.width,
                "x",
                image.height,
                " with ",
                image.pixels.size(),
                " bytes");
  const cv::Mat rgb(
      image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  std::vector<std::uint8_t> bytes;
  const bool done = cv::imencode(".png",
                                 bgr,
                                 bytes,
                                 {cv::IMWRITE_PNG_COMPRESSION,
                                  6,
                                  cv::IMWRITE_PNG_STRATEGY,
                                  cv::IMWRITE_PNG_STRATEGY_FILTERED});
  TESSERA_CHECK(done, kInternal, "PNG encoder failed for ", image.width, "x", image.height);
  return {bytes.begin(), bytes.end()};
}

}  // namespace tessera::io
