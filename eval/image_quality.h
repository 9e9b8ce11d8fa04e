#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::eval {

// How near one picture is to another. Pictures are [B, 3, H, W] in [-1, 1]; they are compared as
// the 8-bit levels that a file would hold. Each measure is [B] float64, a number a picture. All
// throw kShapeMismatch where the two differ in shape.

/// Peak signal-to-noise ratio in dB over all values of a picture, peak 255; infinite where equal.
at::Tensor psnr(const at::Tensor& a, const at::Tensor& b);

/// Mean structural similarity (Wang et al. 2004, eq. 13), at most 1: Gaussian window of 11x11 with
/// sigma 1.5, K1 = 0.01, K2 = 0.03, range 255, moments over n; of each of R, G, B where the window
/// lies wholly inside, and the mean of all. The name of this definition is kSsimDefinition.
/// Throws kInvalidArgument for sides under 11.
at::Tensor ssim(const at::Tensor& a, const at::Tensor& b);
inline constexpr const char* kSsimDefinition = "ssim-rgb-gauss11-sigma1.5-valid";

/// Levels 0 … 255, float64, rounded half to even and clamped.
at::Tensor levels_of(const at::Tensor& images);

}  // namespace tessera::eval
