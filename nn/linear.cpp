#include "nn/linear.h"

#include <algorithm>
#include <vector>

#include <torch/nn.h>

namespace tessera::nn {

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  constexpr std::int64_t kFewestRows = 32;
  const std::int64_t rows = x.numel() / std::max<std::int64_t>(x.size(-1), 1);
  if (!x.is_cpu() || rows >= kFewestRows) return at::linear(x, weight, bias);
  const at::Tensor padded =
      at::constant_pad_nd(x.reshape({rows, x.size(-1)}), {0, 0, 0, kFewestRows - rows});
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return at::linear(padded, weight, bias).slice(0, 0, rows).view(shape);
}

at::Tensor linear(const torch::nn::Linear& layer, const at::Tensor& x) {
  return linear(x, layer->weight, layer->bias);
}

}  // namespace tessera::nn
