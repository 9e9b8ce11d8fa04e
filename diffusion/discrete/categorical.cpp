#include "diffusion/discrete/categorical.h"

#include <ATen/ATen.h>

namespace tessera::diffusion {

at::Tensor draw_categorical(const at::Tensor& log_p, const nn::Noise& noise, DrawKey key) {
  const at::Device device = log_p.device();
  if (noise.recorded && noise.recorded->numel() == log_p.numel()) {
    const at::IntArrayRef shape = log_p.sizes().slice(1);
    return (log_p + noise.gumbel(key.purpose, key.step, shape, device)).argmax(-1);
  }
  // Relative to the most likely class, so that nothing of weight is lost in exp; the sum is
  // float64, so that no class is favoured by the order of the codes.
  const at::Tensor cumulative =
      (log_p - log_p.amax(-1, /*keepdim=*/true)).exp_().cumsum(-1, at::kDouble);
  const at::Tensor u = noise.uniform(key.purpose, key.step, {log_p.size(1)}, device);
  const at::Tensor height =
      u.to(at::kDouble).unsqueeze(-1) * cumulative.narrow(-1, log_p.size(-1) - 1, 1);
  // The first class whose cumulative weight exceeds the height; 0 < u < 1, so there is one, and it
  // has weight.
  return at::searchsorted(cumulative, height, /*out_int32=*/false, /*right=*/true).squeeze(-1);
}

at::Tensor draw_prior(const Transition& transition,
                      std::int64_t tokens,
                      const nn::Noise& noise,
                      at::Device device) {
  const at::Tensor log_p = transition.log_prior().to(device).expand(
      {noise.rng.images.size(0), tokens, transition.states()});
  return draw_categorical(log_p, noise, {.purpose = Purpose::kPrior, .step = 0});
}

}  // namespace tessera::diffusion
