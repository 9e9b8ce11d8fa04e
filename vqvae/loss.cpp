#include "vqvae/loss.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"

namespace tessera::vqvae {
namespace {

void check_shapes(const at::Tensor& images, const at::Tensor& reference) {
  TESSERA_CHECK(images.dim() == 4 && images.sizes() == reference.sizes(),
                kShapeMismatch,
                "pictures and their reference must be [B, C, H, W] of one size, got ",
                images.sizes(),
                " and ",
                reference.sizes());
}

/// Differences of neighbours along a dimension, of the error itself: they are linear.
at::Tensor edge_error(const at::Tensor& error, std::int64_t dim) {
  const std::int64_t side = error.size(dim);
  return (error.slice(dim, 1, side) - error.slice(dim, 0, side - 1)).abs().mean();
}

constexpr double kSteadyMean = 0.01 * 2 * 0.01 * 2;  // C1 and C2 of SSIM, for values in [-1, 1]
constexpr double kSteadySpread = 0.03 * 2 * 0.03 * 2;

at::Tensor to_bytes(const at::Tensor& images) {
  return images.to(at::kDouble).clamp(-1, 1).add(1).mul(127.5).round();
}

}  // namespace

void VqVaeLossOptions::validate() const {
  TESSERA_CHECK(l1 >= 0, kInvalidArgument, "l1 must not be negative, got ", l1);
  TESSERA_CHECK(l2 >= 0, kInvalidArgument, "l2 must not be negative, got ", l2);
  TESSERA_CHECK(edge >= 0, kInvalidArgument, "edge must not be negative, got ", edge);
  TESSERA_CHECK(
      structure >= 0, kInvalidArgument, "structure must not be negative, got ", structure);
  TESSERA_CHECK(l1 + l2 > 0,
                kInvalidArgument,
                "l1 and l2 must not both be 0: the other parts leave the brightness open");
}

ReconstructionLoss reconstruction_loss(const at::Tensor& images,
                                       const at::Tensor& reference,
                                       const VqVaeLossOptions& options) {
  check_shapes(images, reference);
  const at::Tensor error = images - reference;
  ReconstructionLoss loss{.total = at::zeros({}, error.options())};
  const auto add = [&loss](const char* name, double weight, const at::Tensor& part) {
    loss.total = loss.total + weight * part;
    loss.parts.emplace_back(name, part);
  };
  if (options.l1 > 0) add("l1", options.l1, error.abs().mean());
  if (options.l2 > 0) add("l2", options.l2, error.square().mean());
  if (options.edge > 0) add("edge", options.edge, edge_error(error, 2) + edge_error(error, 3));
  if (options.structure > 0)
    add("structure", options.structure, structure_error(images, reference));
  return loss;
}

at::Tensor structure_error(const at::Tensor& images, const at::Tensor& reference) {
  check_shapes(images, reference);
  TESSERA_CHECK(images.size(2) >= kStructureWindow && images.size(3) >= kStructureWindow,
                kShapeMismatch,
                "structure needs pictures of at least ",
                kStructureWindow,
                " pixels a side, got ",
                images.sizes());
  const auto mean = [](const at::Tensor& x) {
    return at::avg_pool2d(x, {kStructureWindow}, {kStructureStride});
  };
  const at::Tensor a = mean(images);
  const at::Tensor b = mean(reference);
  const at::Tensor spread = mean(images.square() + reference.square()) - a.square() - b.square();
  const at::Tensor together = mean(images * reference) - a * b;
  const at::Tensor similarity =
      (2 * a * b + kSteadyMean) * (2 * together + kSteadySpread) /
      ((a.square() + b.square() + kSteadyMean) * (spread + kSteadySpread));
  return 1 - similarity.mean();
}

at::Tensor psnr(const at::Tensor& images, const at::Tensor& reference) {
  check_shapes(images, reference);
  const at::NoGradGuard no_grad;
  const at::Tensor mse = (to_bytes(images) - to_bytes(reference)).square().mean({1, 2, 3});
  return 10.0 * (255.0 * 255.0 / mse).log10();
}

}  // namespace tessera::vqvae
