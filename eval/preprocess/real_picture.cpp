#include "eval/preprocess/real_picture.h"

#include <algorithm>

#include <ATen/ops/empty.h>

namespace tessera::eval {

// A loop of its own: pictures are made ready by many threads at once, and Torch's conversion would
// ask for a team in each of them, whose threads then wait in a loop for more.
at::Tensor real_picture(const at::Tensor& picture, float unit) {
  if (picture.scalar_type() != at::kByte || !picture.is_cpu()) {
    return (unit == 1 ? picture : picture / unit).contiguous();
  }
  const at::Tensor bytes = picture.contiguous();
  at::Tensor out = at::empty(bytes.sizes(), bytes.options().dtype(at::kFloat));
  const std::uint8_t* from = bytes.const_data_ptr<std::uint8_t>();
  std::transform(from, from + bytes.numel(), out.mutable_data_ptr<float>(), [=](std::uint8_t x) {
    return static_cast<float>(x) / unit;
  });
  return out;
}

}  // namespace tessera::eval
