#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::vqvae {

/// Weights of the parts of the reconstruction loss; "loss" of a codec's training config.
struct VqVaeLossOptions {
  double l1 = 1.0;         // mean |x - y|
  double l2 = 0.0;         // mean (x - y)^2
  double edge = 1.0;       // mean |dx - dy| of horizontal and of vertical pixel differences, added
  double structure = 0.0;  // 1 - mean SSIM, see structure_error()
  void validate() const;   // throws kInvalidArgument naming the field
};

template <typename Visitor>
void visit_fields(Visitor& v, VqVaeLossOptions& o) {
  v("l1", o.l1, "weight of the mean absolute error");
  v("l2", o.l2, "weight of the mean squared error");
  v("edge", o.edge, "weight of the absolute error of neighbouring pixels' differences");
  v("structure", o.structure, "weight of 1 - SSIM, which heeds what stands out little, too");
}

struct ReconstructionLoss {
  at::Tensor total{};                                       // weighted sum, scalar
  std::vector<std::pair<std::string, at::Tensor>> parts{};  // unweighted, weight 0 left out
};

/// images, reference [B, C, H, W] in about [-1, 1]; means over everything.
ReconstructionLoss reconstruction_loss(const at::Tensor& images,
                                       const at::Tensor& reference,
                                       const VqVaeLossOptions& options);

/// 1 - mean structural similarity (Wang et al. 2004, eq. 13; K1 = 0.01, K2 = 0.03, range 2) over
/// square windows of kStructureWindow pixels, one every kStructureStride, moments over n; scalar in
/// [0, 2]. An error counts relative to the contrast of its window: a pale thing before a pale
/// ground as much as a bright one. Coarser windows than those of eval::ssim, for speed in training.
/// Sides must be at least kStructureWindow: throws kShapeMismatch.
at::Tensor structure_error(const at::Tensor& images, const at::Tensor& reference);
inline constexpr std::int64_t kStructureWindow = 8;
inline constexpr std::int64_t kStructureStride = 4;

/// Peak signal-to-noise ratio of each picture, [B] float64 in dB: both clamped to [-1, 1] and
/// rounded to 8 bits as in a file, 10 log10(255^2 / MSE). Equal pictures give infinity.
at::Tensor psnr(const at::Tensor& images, const at::Tensor& reference);

}  // namespace tessera::vqvae
