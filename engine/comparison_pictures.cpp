#include "engine/comparison_pictures.h"

#include <algorithm>

#include "core/error.h"
#include "engine/image_files.h"
#include "eval/html_text.h"
#include "io/image/codecs.h"
#include "io/image/resize.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr std::int32_t kLargestSide = 256;

std::string png_of(const Image& image) {
  io::RgbImage rgb{.width = image.width, .height = image.height, .pixels = image.pixels};
  const std::int32_t longer = std::max(rgb.width, rgb.height);
  if (longer > kLargestSide) {
    const auto smaller = [&](std::int32_t side) {
      return std::max(1, static_cast<std::int32_t>(std::int64_t{side} * kLargestSide / longer));
    };
    rgb = io::resize(rgb, smaller(rgb.width), smaller(rgb.height));
  }
  return io::encode_png(rgb);
}

std::string uri_of(const std::string& png) {
  return "data:image/png;base64," + eval::base64(png);
}

}  // namespace

void ComparisonPictures::keep(std::int64_t index, const Image& image) {
  kept_[index] = png_of(image);
}

std::string ComparisonPictures::uri(const io::Json& row) {
  const auto index = row.find("index");
  if (index != row.end() && index->is_number_integer()) {
    const auto kept = kept_.find(index->get<std::int64_t>());
    if (kept != kept_.end()) return uri_of(kept->second);
  }
  const auto named = row.find("picture");
  if (named == row.end() || !named->is_string()) return "";
  const fs::path file = records_.parent_path() / named->get<std::string>();
  try {
    return uri_of(png_of(read_image(file)));
  } catch (const Error&) {
    missing_.insert(file.string());
    return "";
  }
}

}  // namespace tessera::engine
