#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <cuda_runtime.h>

namespace tessera::kernels::cuda {

/// Throws std::runtime_error where a call of the CUDA run-time library failed.
inline void check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) {
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
  }
}

/// Vectors of the host and their copies on the current device, for tests and benchmarks.
class Mirror {
 public:
  /// The copy's place, null for an empty vector, which must live as long as this.
  template <typename T>
  T* operator()(std::vector<T>& here) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (here.empty()) return nullptr;
    const std::size_t bytes = here.size() * sizeof(T);
    void* there = nullptr;
    check(cudaMalloc(&there, bytes), "device memory");
    blocks_.emplace_back(there, [](void* block) { cudaFree(block); });
    check(cudaMemcpy(there, here.data(), bytes, cudaMemcpyHostToDevice), "copy to the device");
    back_.push_back([&here, there, bytes] {
      check(cudaMemcpy(here.data(), there, bytes, cudaMemcpyDeviceToHost), "copy from the device");
    });
    return static_cast<T*>(there);
  }

  /// Waits for the device and copies all of them back, its errors being told here.
  void fetch() const {
    check(cudaDeviceSynchronize(), "kernel");
    for (const auto& back : back_) back();
  }

 private:
  std::vector<std::unique_ptr<void, void (*)(void*)>> blocks_{};
  std::vector<std::function<void()>> back_{};
};

/// Whether there is a device that answers.
inline bool has_device() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}

}  // namespace tessera::kernels::cuda
