#include "eval/clip/preprocess.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/preprocess/pillow_resize.h"

namespace tessera::eval {

at::Tensor clip_crop(const at::Tensor& picture, std::int64_t side) {
  TESSERA_CHECK(picture.dim() == 3 && picture.size(2) == 3 && picture.scalar_type() == at::kByte &&
                    picture.numel() > 0,
                kShapeMismatch,
                "a picture must be [H, W, 3] uint8, got ",
                picture.scalar_type(),
                " ",
                picture.sizes());
  const std::int64_t shorter = std::min(picture.size(0), picture.size(1));
  const auto resized = [&](std::int64_t length) { return side * length / shorter; };
  const PictureSize size{.height = resized(picture.size(0)), .width = resized(picture.size(1))};
  const bool same = size.height == picture.size(0) && size.width == picture.size(1);
  const at::Tensor scaled = same ? picture : pillow_resize(picture, size, PillowFilter::kBicubic);
  return scaled.narrow(0, (size.height - side) / 2, side)
      .narrow(1, (size.width - side) / 2, side)
      .contiguous();
}

at::Tensor clip_picture(const at::Tensor& picture, const ClipOptions& o) {
  const at::Tensor unit = clip_crop(picture, o.vision.resolution).to(at::kFloat) / 255.0;
  const auto channels = [](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).to(at::kFloat);
  };
  return ((unit - channels(o.mean)) / channels(o.deviation)).permute({2, 0, 1}).contiguous();
}

}  // namespace tessera::eval
