#include "eval/preprocess/bilinear_resize.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ops/empty.h>

#include "eval/preprocess/check_picture.h"
#include "eval/preprocess/real_picture.h"

namespace tessera::eval {
namespace {

/// The two old pixels that a new one lies between, and how far it is from the first.
struct Neighbours {
  std::int64_t first = 0;
  std::int64_t second = 0;
  float towards_second = 0;
};

/// In float32, as both originals compute it.
std::vector<Neighbours> neighbours(std::int64_t from, std::int64_t to, BilinearGrid grid) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  std::vector<Neighbours> out(static_cast<std::size_t>(to));
  for (std::int64_t i = 0; i < to; ++i) {
    const auto step = static_cast<float>(i);
    const float at =
        grid == BilinearGrid::kCorner ? step * scale : std::max(0.0f, (step + 0.5f) * scale - 0.5f);
    const auto first = std::min(static_cast<std::int64_t>(at), from - 1);
    out[static_cast<std::size_t>(i)] = {.first = first,
                                        .second = std::min(first + 1, from - 1),
                                        .towards_second = at - static_cast<float>(first)};
  }
  return out;
}

float between(float a, float b, float share) {
  return a + (b - a) * share;
}

}  // namespace

at::Tensor bilinear_resize(const at::Tensor& picture, PictureSize size, BilinearGrid grid) {
  const at::Tensor real = real_picture(picture);
  check_resize(real, at::kFloat, size);
  const std::int64_t channels = real.size(2);
  const std::int64_t row = real.size(1) * channels;
  const std::vector<Neighbours> rows = neighbours(real.size(0), size.height, grid);
  const std::vector<Neighbours> columns = neighbours(real.size(1), size.width, grid);
  at::Tensor out = at::empty({size.height, size.width, channels}, real.options());
  const float* from = real.const_data_ptr<float>();
  float* to = out.mutable_data_ptr<float>();
  for (const Neighbours& y : rows) {
    const float* upper = from + y.first * row;
    const float* lower = from + y.second * row;
    for (const Neighbours& x : columns) {
      const std::int64_t left = x.first * channels;
      const std::int64_t right = x.second * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const float above = between(upper[left + c], upper[right + c], x.towards_second);
        const float below = between(lower[left + c], lower[right + c], x.towards_second);
        *to++ = between(above, below, y.towards_second);
      }
    }
  }
  return out;
}

}  // namespace tessera::eval
