#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cuda/mirror.cuh"

namespace tessera::bench {

/// Arrays on the device for a benchmark's inputs and results.
class Buffers {
 public:
  /// `base` over and over, so that much can be filled from little.
  template <typename T>
  T* repeated(const std::vector<T>& base, std::int64_t count) {
    T* there = room<T>(count);
    const auto bytes = static_cast<std::size_t>(count) * sizeof(T);
    std::size_t filled = std::min(bytes, base.size() * sizeof(T));
    auto* raw = reinterpret_cast<char*>(there);
    kernels::cuda::check(cudaMemcpy(raw, base.data(), filled, cudaMemcpyHostToDevice), "copy");
    while (filled < bytes) {
      const std::size_t more = std::min(filled, bytes - filled);
      kernels::cuda::check(cudaMemcpy(raw + filled, raw, more, cudaMemcpyDeviceToDevice), "copy");
      filled += more;
    }
    return there;
  }

  /// Not filled.
  template <typename T>
  T* room(std::int64_t count) {
    void* there = nullptr;
    kernels::cuda::check(cudaMalloc(&there, static_cast<std::size_t>(count) * sizeof(T)),
                         "device memory");
    blocks_.emplace_back(there, [](void* block) { cudaFree(block); });
    return static_cast<T*>(there);
  }

  /// The first numbers of an array of the device.
  template <typename T>
  static std::vector<T> first(const T* there, std::int64_t count) {
    std::vector<T> here(static_cast<std::size_t>(count));
    kernels::cuda::check(
        cudaMemcpy(here.data(), there, here.size() * sizeof(T), cudaMemcpyDeviceToHost), "copy");
    return here;
  }

 private:
  std::vector<std::unique_ptr<void, void (*)(void*)>> blocks_{};
};

}  // namespace tessera::bench
