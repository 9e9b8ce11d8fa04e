#include "eval/image_quality.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kWindow = 11;
constexpr double kSigma = 1.5;
constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
constexpr double kC2 = (0.03 * 255) * (0.03 * 255);

void check_pair(const at::Tensor& a, const at::Tensor& b) {
  TESSERA_CHECK(a.dim() == 4 && a.size(1) == 3 && a.sizes() == b.sizes() && a.numel() > 0,
                kShapeMismatch,
                "two batches of pictures [B, 3, H, W] of one size are compared, got ",
                a.sizes(),
                " and ",
                b.sizes());
}

/// Weighted means of every window that lies inside, the window being a product of two vectors.
at::Tensor window_mean(const at::Tensor& planes) {
  const at::Tensor place = at::arange(kWindow, planes.options()) - (kWindow - 1) / 2.0;
  at::Tensor weights = (-place * place / (2 * kSigma * kSigma)).exp();
  weights = weights / weights.sum();
  return at::conv2d(at::conv2d(planes, weights.view({1, 1, kWindow, 1})),
                    weights.view({1, 1, 1, kWindow}));
}

}  // namespace

at::Tensor levels_of(const at::Tensor& images) {
  return ((images.to(at::kCPU, at::kDouble).nan_to_num(0) + 1) * 127.5).round().clamp(0, 255);
}

at::Tensor psnr(const at::Tensor& a, const at::Tensor& b) {
  check_pair(a, b);
  const at::Tensor error = (levels_of(a) - levels_of(b)).square().flatten(1).mean(1);
  return 10 * (255.0 * 255.0 / error).log10();
}

at::Tensor ssim(const at::Tensor& a, const at::Tensor& b) {
  check_pair(a, b);
  const std::int64_t height = a.size(2);
  const std::int64_t width = a.size(3);
  TESSERA_CHECK(height >= kWindow && width >= kWindow,
                kInvalidArgument,
                "SSIM needs sides of at least ",
                kWindow,
                " pixels, got ",
                width,
                "x",
                height);
  const at::Tensor x = levels_of(a).reshape({-1, 1, height, width});
  const at::Tensor y = levels_of(b).reshape({-1, 1, height, width});
  const at::Tensor mean_x = window_mean(x);
  const at::Tensor mean_y = window_mean(y);
  const at::Tensor var_x = window_mean(x * x) - mean_x * mean_x;
  const at::Tensor var_y = window_mean(y * y) - mean_y * mean_y;
  const at::Tensor both = window_mean(x * y) - mean_x * mean_y;
  const at::Tensor map = (2 * mean_x * mean_y + kC1) * (2 * both + kC2) /
                         ((mean_x * mean_x + mean_y * mean_y + kC1) * (var_x + var_y + kC2));
  return map.reshape({a.size(0), -1}).mean(1);
}

}  // namespace tessera::eval
