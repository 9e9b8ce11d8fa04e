#include "diffusion/denoisers/time_sinusoids.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "nn/time_embedding.h"

namespace tessera::diffusion {

at::Tensor time_sinusoids(const at::Tensor& position,
                          std::int64_t width,
                          const std::string& order) {
  if (order == "sine-first") return nn::sinusoidal_embedding(position, width);
  TESSERA_CHECK(order == "cosine-first",
                kInvalidArgument,
                "the order of time sinusoids must be sine-first or cosine-first, got \"",
                order,
                "\"");
  TESSERA_CHECK(width >= 4 && width % 2 == 0,
                kInvalidArgument,
                "time sinusoids need an even width of at least 4, got ",
                width);
  const std::int64_t half = width / 2;
  const double spacing = std::log(1e4) / static_cast<double>(half);
  const at::Tensor frequency =
      (at::arange(half, position.options().dtype(at::kDouble)) * -spacing).exp();
  const at::Tensor angle = position.to(at::kDouble).unsqueeze(1) * frequency;
  return at::cat({angle.cos(), angle.sin()}, 1).to(at::kFloat);
}

}  // namespace tessera::diffusion
