#include "nn/cuda_kernels.h"

#include <string>

#include <c10/core/impl/VirtualGuardImpl.h>

#include "core/error.h"
#include "core/log.h"

namespace tessera::nn {
namespace {

const kernels::CudaKernels*& loaded() {
  static const kernels::CudaKernels* table = nullptr;
  return table;
}

}  // namespace

void load_cuda_kernels() {
  std::string missing;
  loaded() = kernels::open_cuda_kernels(missing);
  if (loaded() == nullptr) log_debug("CUDA by Torch's kernels alone: " + missing);
}

const kernels::CudaKernels* cuda_kernels() {
  return loaded();
}

void* current_stream(const at::Tensor& on) {
  return c10::impl::VirtualGuardImpl(on.device().type()).getStream(on.device()).native_handle();
}

void check_launched(const char* kernel, const char* failure) {
  TESSERA_CHECK(failure == nullptr, kInternal, "CUDA kernel ", kernel, ": ", failure);
}

}  // namespace tessera::nn
