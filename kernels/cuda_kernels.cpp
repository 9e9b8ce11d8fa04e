#include "kernels/cuda_kernels.h"

#include <dlfcn.h>

#include "core/error.h"

namespace tessera::kernels {

const CudaKernels* open_cuda_kernels(std::string& missing) {
  constexpr const char* kLibrary = "libtessera_cuda.so";
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    missing = dlerror();
    return nullptr;
  }
  using Table = const CudaKernels* (*)();
  const auto table = reinterpret_cast<Table>(dlsym(library, kCudaKernelsSymbol));
  TESSERA_CHECK(table != nullptr, kUnavailable, kLibrary, " is no library of Tessera's kernels");
  TESSERA_CHECK(table()->version == kCudaKernelsVersion,
                kUnavailable,
                kLibrary,
                " has version ",
                table()->version,
                ", this program needs ",
                kCudaKernelsVersion,
                "; build both from one checkout");
  return table();
}

}  // namespace tessera::kernels
