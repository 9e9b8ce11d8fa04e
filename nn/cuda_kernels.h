#pragma once

#include <cstdint>

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

/// The current stream of a tensor's device, a cudaStream_t.
void* current_stream(const at::Tensor& on);

/// Throws kInternal where a launch of `kernel` gave a reason.
void check_launched(const char* kernel, const char* failure);

/// Our kernel for these arguments, over so many groups, numbers, rows or tokens, on the current
/// stream of the device of `on`, where they lie. REQUIRES: cuda_kernels() is not null.
template <typename Args>
void launch_kernel(const char* name, const Args& args, std::int64_t count, const at::Tensor& on) {
  const c10::DeviceGuard guard(on.device());
  check_launched(name, cuda_kernels()->launch(args, count, current_stream(on)));
}

}  // namespace tessera::nn
