#pragma once

#include <cstddef>
#include <utility>

#include <cuda_runtime.h>

/// How a kernel is started, and the memory of its blocks.
namespace tessera::kernels::cuda {

struct Grid {
  dim3 blocks{};
  unsigned threads = 1;   // of a block
  std::size_t bytes = 0;  // that a block finds at block_memory()
};

/// Null, or why `kernel` could not be started with these arguments.
template <typename... Parameters, typename... Arguments>
const char* start(void (*kernel)(Parameters...),
                  const Grid& grid,
                  void* stream,
                  Arguments&&... arguments) {
  constexpr std::size_t kGranted = 40 << 10;  // what a kernel has without asking, less its own
  cudaError_t error = cudaSuccess;
  if (grid.bytes > kGranted) {
    error = cudaFuncSetAttribute(
        kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(grid.bytes));
  }
  if (error == cudaSuccess) {
    cudaLaunchConfig_t config{};
    config.gridDim = grid.blocks;
    config.blockDim = dim3(grid.threads);
    config.dynamicSmemBytes = grid.bytes;
    config.stream = static_cast<cudaStream_t>(stream);
    error = cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...);
  }
  if (error == cudaSuccess) return nullptr;
  static_cast<void>(cudaGetLastError());  // told here, and not by the next call
  return cudaGetErrorString(error);
}

/// The memory that a block shares, as many bytes as its grid says.
template <typename T>
__device__ inline T* block_memory() {
#ifdef __CUDACC__  // tests/kernels/cuda_on_cpu has its own
  extern __shared__ float4 shared_by_block[];
#endif
  return reinterpret_cast<T*>(shared_by_block);
}

}  // namespace tessera::kernels::cuda
