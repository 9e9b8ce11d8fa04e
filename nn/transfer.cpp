#include "nn/transfer.h"

#include <ATen/ATen.h>

namespace tessera::nn {

at::Tensor staged_for(const at::Tensor& x, c10::Device device) {
  return device.is_cuda() && x.is_cpu() ? x.pin_memory() : x;
}

at::Tensor to_device(const at::Tensor& x, c10::Device device) {
  if (!device.is_cuda() || !x.is_cpu()) return x.to(device);
  return staged_for(x, device).to(device, x.scalar_type(), /*non_blocking=*/true);
}

}  // namespace tessera::nn
