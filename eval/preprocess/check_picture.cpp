#include "eval/preprocess/check_picture.h"

#include "core/error.h"

namespace tessera::eval {

void check_resize(const at::Tensor& picture, at::ScalarType type, PictureSize size) {
  constexpr std::int64_t kLargestSide = 16'384;
  TESSERA_CHECK(picture.dim() == 3 && picture.scalar_type() == type && picture.numel() > 0 &&
                    picture.is_cpu(),
                kShapeMismatch,
                "a picture must be [H, W, C] ",
                c10::toString(type),
                " on the CPU, got ",
                picture.sizes(),
                " ",
                c10::toString(picture.scalar_type()));
  for (const std::int64_t side : {size.height, size.width}) {
    TESSERA_CHECK(side >= 1 && side <= kLargestSide,
                  kInvalidArgument,
                  "sides of a resized picture must be in 1..",
                  kLargestSide,
                  ", got ",
                  size.height,
                  "x",
                  size.width);
  }
}

}  // namespace tessera::eval
