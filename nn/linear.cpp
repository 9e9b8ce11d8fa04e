#include "nn/linear.h"

#include <algorithm>
#include <vector>

#include <torch/nn.h>

namespace tessera::nn {

at::Tensor for_product(const at::Tensor& x, const at::Tensor& weight) {
  const bool half = at::isReducedFloatingType(weight.scalar_type());
  return half && x.scalar_type() == at::kFloat ? x.to(weight.scalar_type()) : x;
}

at::Tensor linear(const at::Tensor& given, const at::Tensor& weight, const at::Tensor& bias) {
  constexpr std::int64_t kFewestRows = 32;
  const at::Tensor x = for_product(given, weight);
  const std::int64_t rows = x.numel() / std::max<std::int64_t>(x.size(-1), 1);
  if (!x.is_cpu() || rows >= kFewestRows) return at::linear(x, weight, bias);
  const at::Tensor padded =
      at::constant_pad_nd(x.reshape({rows, x.size(-1)}), {0, 0, 0, kFewestRows - rows});
  std::vector<std::int64_t> shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return at::linear(padded, weight, bias).slice(0, 0, rows).view(shape);
}

LinearImpl::LinearImpl(std::int64_t inputs, std::int64_t outputs) {
  weight = register_parameter("weight", at::empty({outputs, inputs}));
  bias = register_parameter("bias", at::empty({outputs}));
}

at::Tensor LinearImpl::forward(const at::Tensor& x) {
  return linear(x, weight, bias);
}

}  // namespace tessera::nn
