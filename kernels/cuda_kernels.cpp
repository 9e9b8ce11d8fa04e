#include "kernels/cuda_kernels.h"

#include "core/error.h"
#include "core/plugin.h"

namespace tessera::kernels {

const CudaKernels* open_cuda_kernels(std::string& missing) {
  constexpr Plugin kPlugin{.file = "libtessera_cuda.so", .symbol = kCudaKernelsSymbol};
  using Table = const CudaKernels* (*)();
  const auto table = reinterpret_cast<Table>(open_plugin(kPlugin, missing));
  if (table == nullptr) return nullptr;
  TESSERA_CHECK(table()->version == kCudaKernelsVersion,
                kUnavailable,
                kPlugin.file,
                " has version ",
                table()->version,
                ", this program needs ",
                kCudaKernelsVersion,
                "; build both from one checkout");
  return table();
}

}  // namespace tessera::kernels
