#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <ATen/ATen.h>

namespace tessera::test {

/// Pictures by formula, so that another program can make the same ones: [1, 3, H, W] in [-1, 1], on
/// 8-bit levels. `kind` tells them apart.
inline at::Tensor wave_picture(std::int64_t height, std::int64_t width, int kind) {
  at::Tensor levels = at::empty({1, 3, height, width}, at::kDouble);
  double* out = levels.mutable_data_ptr<double>();
  for (int c = 0; c < 3; ++c) {
    for (std::int64_t row = 0; row < height; ++row) {
      for (std::int64_t column = 0; column < width; ++column) {
        const auto y = static_cast<double>(row);
        const auto x = static_cast<double>(column);
        const double value = 127.5 +
                             90 * std::sin(0.31 * x + 0.17 * y * (1 + kind) + 1.3 * c + kind) +
                             35 * std::sin(0.9 * x * y * 0.11 + 2.1 * kind + c);
        *out++ = std::clamp(std::floor(value), 0.0, 255.0);
      }
    }
  }
  return (levels / 127.5 - 1).to(at::kFloat);
}

/// The same picture a little off, by formula.
inline at::Tensor disturbed(const at::Tensor& picture, int kind) {
  at::Tensor levels = ((picture.to(at::kDouble) + 1) * 127.5).round();
  double* out = levels.mutable_data_ptr<double>();
  for (int c = 0; c < 3; ++c) {
    for (std::int64_t y = 0; y < levels.size(2); ++y) {
      for (std::int64_t x = 0; x < levels.size(3); ++x, ++out) {
        const double wave =
            std::sin(1.9 * static_cast<double>(x) + 2.3 * static_cast<double>(y) + c * kind);
        *out = std::clamp(*out + std::floor(12 * wave), 0.0, 255.0);
      }
    }
  }
  return (levels / 127.5 - 1).to(at::kFloat);
}

}  // namespace tessera::test
