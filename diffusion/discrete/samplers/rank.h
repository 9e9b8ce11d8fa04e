#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/argsort.h>

namespace tessera::diffusion {

/// [B, N] int64: the place of each number in its row's order, the largest first; ties by position.
inline at::Tensor rank_of(const at::Tensor& score) {
  const at::Tensor order = at::argsort(score, /*stable=*/true, /*dim=*/-1, /*descending=*/true);
  return at::argsort(order, /*stable=*/true, /*dim=*/-1, /*descending=*/false);
}

}  // namespace tessera::diffusion
