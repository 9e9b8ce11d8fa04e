#include "io/image/convert.h"

#include <cstring>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::io {

RgbImage to_image(const at::Tensor& image) {
  TESSERA_CHECK(image.defined() && image.dim() == 3 && image.size(0) == 3 &&
                    image.is_floating_point() && image.size(1) <= 65535 && image.size(2) <= 65535,
                kShapeMismatch,
                "a picture must be floating point [3, H, W], got ",
                image.defined() ? image.sizes() : at::IntArrayRef());
  const at::Tensor levels = image.detach().to(at::kFloat).add(1).mul_(127.5).nan_to_num_(0);
  const at::Tensor bytes =
      levels.round_().clamp_(0, 255).to(at::kByte).permute({1, 2, 0}).to(at::kCPU).contiguous();
  RgbImage out{.width = static_cast<std::int32_t>(image.size(2)),
               .height = static_cast<std::int32_t>(image.size(1))};
  const auto* begin = bytes.const_data_ptr<std::uint8_t>();
  out.pixels.assign(begin, begin + bytes.numel());
  return out;
}

std::vector<RgbImage> to_images(const at::Tensor& images) {
  TESSERA_CHECK(images.defined() && images.dim() == 4,
                kShapeMismatch,
                "pictures must be [B, 3, H, W], got ",
                images.defined() ? images.sizes() : at::IntArrayRef());
  std::vector<RgbImage> out;
  for (const at::Tensor& image : images.detach().to(at::kCPU).unbind())
    out.push_back(to_image(image));
  return out;
}

at::Tensor to_bytes(const RgbImage& image) {
  const auto count = static_cast<std::int64_t>(image.pixels.size());
  TESSERA_CHECK(count == std::int64_t{3} * image.width * image.height,
                kShapeMismatch,
                "a picture of ",
                image.width,
                "x",
                image.height,
                " has ",
                count,
                " bytes");
  at::Tensor bytes = at::empty({image.height, image.width, 3}, at::kByte);
  if (count > 0) std::memcpy(bytes.mutable_data_ptr(), image.pixels.data(), image.pixels.size());
  return bytes.permute({2, 0, 1}).contiguous();
}

at::Tensor to_tensor(const RgbImage& image) {
  return to_bytes(image).to(at::kFloat).div_(127.5).sub_(1);
}

}  // namespace tessera::io
