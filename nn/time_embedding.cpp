#include "nn/time_embedding.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::nn {

at::Tensor sinusoidal_embedding(const at::Tensor& position, std::int64_t width) {
  TESSERA_CHECK(width >= 4 && width % 2 == 0,
                kInvalidArgument,
                "a sinusoidal embedding needs an even width of at least 4, got ",
                width);
  const std::int64_t half = width / 2;
  const double spacing = std::log(1e4) / static_cast<double>(half - 1);
  const at::Tensor frequency =
      (at::arange(half, position.options().dtype(at::kDouble)) * -spacing).exp();
  const at::Tensor angle = position.to(at::kDouble).unsqueeze(1) * frequency;
  return at::cat({angle.sin(), angle.cos()}, 1).to(at::kFloat);
}

}  // namespace tessera::nn
