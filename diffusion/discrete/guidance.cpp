#include "diffusion/discrete/guidance.h"

#include <ATen/ATen.h>

namespace tessera::diffusion {

at::Tensor guide(const at::Tensor& log_conditional,
                 const at::Tensor& log_unconditional,
                 double scale) {
  if (scale == 1.0) return log_conditional;
  if (scale == 0.0) return log_unconditional;
  // A floor far below any answer of a network, so that -inf - (-inf) does not occur.
  const at::Tensor base = log_unconditional.clamp_min(-1e4);
  return base.add(log_conditional - base, scale).log_softmax(-1);
}

}  // namespace tessera::diffusion
