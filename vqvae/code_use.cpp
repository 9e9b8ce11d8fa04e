#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "vqvae/vqvae.h"

namespace tessera::vqvae {

CodeUse code_use(const at::Tensor& counts) {
  TESSERA_CHECK(counts.dim() == 1, kShapeMismatch, "counts must be [K], got ", counts.sizes());
  const at::Tensor exact = counts.to(at::kCPU, at::kDouble);
  const double total = exact.sum().item<double>();
  if (total <= 0) return {};
  const at::Tensor share = exact / total;
  return {.used = exact.gt(0).sum().item<std::int64_t>(),
          .perplexity = std::exp(-at::xlogy(share, share).sum().item<double>())};
}

at::Tensor count_codes(const at::Tensor& indices, std::int64_t codebook_size) {
  // Not bincount, which reads the greatest index back from the device. Sums of ones are exact.
  const at::Tensor chosen = indices.reshape({-1});
  return at::zeros({codebook_size}, indices.options())
      .scatter_add_(0, chosen, at::ones_like(chosen));
}

}  // namespace tessera::vqvae
