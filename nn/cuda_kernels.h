#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceGuard.h>

#include "kernels/cuda_kernels.h"

namespace tessera::nn {

/// Opens libtessera_cuda.so, our kernels for NVIDIA GPUs, where it was built; once, by
/// resolve_device(). Without it Torch's own operators do everything on a GPU. Throws kUnavailable
/// where the library is of another version than this program.
void load_cuda_kernels();

/// What was loaded, or null.
const kernels::CudaKernels* cuda_kernels();

/// A launch on the current stream of a tensor's device, which is made the current one meanwhile.
class CudaLaunch {
 public:
  explicit CudaLaunch(const at::Tensor& on);
  void* stream() const { return stream_; }
  /// Throws kInternal where a launch of `kernel` gave a reason.
  static void check(const char* kernel, const char* failure);

 private:
  c10::DeviceGuard guard_;
  void* stream_;
};

}  // namespace tessera::nn
