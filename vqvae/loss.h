#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::vqvae {

/// Weights of the parts of the reconstruction loss; "loss" of a codec's training config.
struct VqVaeLossOptions {
  double l1 = 1.0;        // mean |x - y|
  double l2 = 0.0;        // mean (x - y)^2
  double edge = 1.0;      // mean |dx - dy| of horizontal and of vertical pixel differences, added
  void validate() const;  // throws kInvalidArgument naming the field
};

template <typename Visitor>
void visit_fields(Visitor& v, VqVaeLossOptions& o) {
  v("l1", o.l1, "weight of the mean absolute error");
  v("l2", o.l2, "weight of the mean squared error");
  v("edge", o.edge, "weight of the absolute error of neighbouring pixels' differences");
}

struct ReconstructionLoss {
  at::Tensor total{};                                       // weighted sum, scalar
  std::vector<std::pair<std::string, at::Tensor>> parts{};  // unweighted, weight 0 left out
};

/// images, reference [B, C, H, W] in about [-1, 1]; means over everything.
ReconstructionLoss reconstruction_loss(const at::Tensor& images,
                                       const at::Tensor& reference,
                                       const VqVaeLossOptions& options);

/// Peak signal-to-noise ratio of each picture, [B] float64 in dB: both clamped to [-1, 1] and
/// rounded to 8 bits as in a file, 10 log10(255^2 / MSE). Equal pictures give infinity.
at::Tensor psnr(const at::Tensor& images, const at::Tensor& reference);

}  // namespace tessera::vqvae
