#include "engine/image_convert.h"

#include <cmath>
#include <limits>
#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"
#include "io/image/convert.h"

namespace tessera::engine {

std::vector<Image> to_engine_images(const at::Tensor& images) {
  std::vector<Image> converted;
  for (io::RgbImage& image : io::to_images(images)) {
    converted.push_back(
        {.width = image.width, .height = image.height, .pixels = std::move(image.pixels)});
  }
  return converted;
}

at::Tensor to_tensor(const Image& image) {
  return io::to_tensor({.width = image.width, .height = image.height, .pixels = image.pixels})
      .unsqueeze(0);
}

double psnr(const Image& a, const Image& b) {
  TESSERA_CHECK(a.width == b.width && a.height == b.height && !a.empty(),
                kShapeMismatch,
                "pictures of one size are compared");
  double squares = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    const double difference = static_cast<double>(a.pixels[i]) - static_cast<double>(b.pixels[i]);
    squares += difference * difference;
  }
  if (squares == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.pixels.size()) / squares);
}

}  // namespace tessera::engine
