#include "nn/cuda_kernels.h"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include "core/error.h"
#include "core/log.h"

namespace tessera::nn {
namespace {

constexpr const char* kLibrary = "libtessera_cuda.so";

const kernels::CudaKernels*& loaded() {
  static const kernels::CudaKernels* table = nullptr;
  return table;
}

}  // namespace

void load_cuda_kernels() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    log_debug(concat("CUDA by Torch's kernels alone: ", dlerror()));
    return;
  }
  using Table = const kernels::CudaKernels* (*)();
  const auto table = reinterpret_cast<Table>(dlsym(library, kernels::kCudaKernelsSymbol));
  TESSERA_CHECK(table != nullptr, kUnavailable, kLibrary, " is no library of Tessera's kernels");
  TESSERA_CHECK(table()->version == kernels::kCudaKernelsVersion,
                kUnavailable,
                kLibrary,
                " has version ",
                table()->version,
                ", this program needs ",
                kernels::kCudaKernelsVersion,
                "; build both from one checkout");
  loaded() = table();
}

const kernels::CudaKernels* cuda_kernels() {
  return loaded();
}

CudaLaunch::CudaLaunch(const at::Tensor& on)
    : guard_(on.device()),
      stream_(
          c10::impl::VirtualGuardImpl(on.device().type()).getStream(on.device()).native_handle()) {}

void CudaLaunch::check(const char* kernel, const char* failure) {
  TESSERA_CHECK(failure == nullptr, kInternal, "CUDA kernel ", kernel, ": ", failure);
}

}  // namespace tessera::nn
