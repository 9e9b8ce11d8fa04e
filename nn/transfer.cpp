#include "nn/transfer.h"

#include <ATen/ATen.h>

namespace tessera::nn {

at::Tensor to_device(const at::Tensor& x, c10::Device device) {
  if (!device.is_cuda() || !x.is_cpu()) return x.to(device);
  return x.pin_memory().to(device, x.scalar_type(), /*non_blocking=*/true);
}

}  // namespace tessera::nn
