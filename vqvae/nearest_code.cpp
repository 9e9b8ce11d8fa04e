#include "vqvae/nearest_code.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include "core/error.h"
#include "nn/nearest_row.h"

namespace tessera::vqvae {
namespace {

constexpr std::int64_t kChunkNumbers = std::int64_t{1} << 22;  // distances held at once, 16 MiB

}  // namespace

at::Tensor nearest_code(const at::Tensor& z, const at::Tensor& codebook) {
  TESSERA_CHECK(z.dim() == 2 && codebook.dim() == 2 && z.size(1) == codebook.size(1),
                kShapeMismatch,
                "nearest_code wants z [R, D] and codebook [K, D], got ",
                z.sizes(),
                " and ",
                codebook.sizes());
  const at::NoGradGuard no_grad;
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  if (nn::fits_nearest_row(z, codebook)) return nn::nearest_row(z, codebook);
  // |z - e|^2 less |z|^2, which all codes share.
  const at::Tensor squares = codebook.square().sum(1);
  const at::Tensor codes = codebook.t();
  const std::int64_t rows = std::max<std::int64_t>(1, kChunkNumbers / codebook.size(0));
  std::vector<at::Tensor> found;
  for (std::int64_t first = 0; first < z.size(0); first += rows) {
    const at::Tensor chunk = z.slice(0, first, first + rows);
    found.push_back(at::addmm(squares, chunk, codes, /*beta=*/1, /*alpha=*/-2).argmin(1));
  }
  return found.empty() ? at::empty({0}, z.options().dtype(at::kLong)) : at::cat(found);
}

}  // namespace tessera::vqvae
