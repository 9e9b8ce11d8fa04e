#include "nn/adaptive_norm.h"

#include <ATen/ATen.h>

namespace tessera::nn {

at::Tensor adaptive_layer_norm(const at::Tensor& x, const at::Tensor& modulation) {
  const auto halves = modulation.to(x.scalar_type()).unsqueeze(1).chunk(2, -1);
  return at::addcmul(halves[1], at::layer_norm(x, {x.size(-1)}), halves[0] + 1.0);
}

}  // namespace tessera::nn
