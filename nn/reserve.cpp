#include "nn/reserve.h"

#include <torch/nn.h>

namespace tessera::nn {

void reserve(torch::nn::Module& module, at::ScalarType type, at::Device device) {
  const at::NoGradGuard no_grad;
  const auto renew = [&](at::Tensor tensor) {
    if (!tensor.defined()) return;
    const at::ScalarType own = tensor.is_floating_point() ? type : tensor.scalar_type();
    tensor.set_data(at::empty(tensor.sizes(), tensor.options().dtype(own).device(device)));
  };
  for (const at::Tensor& parameter : module.parameters()) renew(parameter);
  for (const at::Tensor& buffer : module.buffers()) renew(buffer);
}

}  // namespace tessera::nn
