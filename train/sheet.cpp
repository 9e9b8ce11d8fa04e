#include "train/sheet.h"

#include <algorithm>

namespace tessera::train {

at::Tensor make_sheet(const at::Tensor& pictures, std::int64_t columns) {
  constexpr std::int64_t kGap = 2;
  const std::int64_t count = pictures.size(0);
  const std::int64_t height = pictures.size(2);
  const std::int64_t width = pictures.size(3);
  const std::int64_t across = std::clamp<std::int64_t>(count, 1, columns);
  const std::int64_t down = (count + across - 1) / across;
  const at::Tensor bytes = ((pictures.to(at::kCPU, at::kFloat).clamp(-1, 1) + 1) * 127.5)
                               .round()
                               .to(at::kByte)
                               .permute({0, 2, 3, 1});
  const at::Tensor sheet = at::full(
      {down * (height + kGap) - kGap, across * (width + kGap) - kGap, 3}, 255, bytes.options());
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t top = i / across * (height + kGap);
    const std::int64_t left = i % across * (width + kGap);
    sheet.narrow(0, top, height).narrow(1, left, width).copy_(bytes[i]);
  }
  return sheet;
}

}  // namespace tessera::train
