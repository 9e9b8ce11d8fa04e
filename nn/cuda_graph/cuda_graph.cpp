#include "nn/cuda_graph/cuda_graph.h"

#include <array>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>

#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

namespace tessera::nn {
namespace {

class CudaGraph final : public Recording {
 public:
  explicit CudaGraph(c10::DeviceIndex device) : device_(device) {}

  /// Gives the graph's memory back to the device: no later graph can use it, and it would be kept
  /// until the device has no other left.
  ~CudaGraph() override {
    try {
      const c10::cuda::CUDAGuard device(device_);
      const c10::MempoolId_t pool = graph_.pool();
      graph_.reset();
      c10::cuda::CUDACachingAllocator::emptyCache(pool);
    } catch (const std::exception&) {  // it was never recorded, or the device is gone
    }
  }

  void record(const std::function<void()>& work) {
    const c10::cuda::CUDAGuard device(device_);
    const c10::cuda::CUDAStreamGuard aside(stream());
    // Threads that prepare other work may go on allocating meanwhile.
    graph_.capture_begin({0, 0}, cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      abandon();
      throw;
    }
    graph_.capture_end();
  }

  void replay() override {
    const c10::cuda::CUDAGuard device(device_);
    graph_.replay();
  }

 private:
  /// Where work is recorded: no graph may be recorded on the default stream. One for all graphs of
  /// a device, since cuBLAS keeps a workspace for every stream that it was called on.
  c10::cuda::CUDAStream stream() const {
    static std::array<std::optional<c10::cuda::CUDAStream>, 128> all;
    auto& own = all[static_cast<std::size_t>(device_)];
    if (!own) own = c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device_);
    return *own;
  }

  /// Ends a recording that failed, whose own end fails for that.
  void abandon() {
    try {
      graph_.capture_end();
    } catch (const std::exception&) {
    }
  }

  c10::DeviceIndex device_;
  at::cuda::CUDAGraph graph_;
};

Recording* record_cuda_graph(c10::DeviceIndex device,
                             const std::function<void()>& work,
                             std::string& failure) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  try {
    auto graph = std::make_unique<CudaGraph>(device);
    graph->record(work);
    return graph.release();
  } catch (const std::exception& error) {
    failure = error.what();
    return nullptr;
  }
}

}  // namespace

/// The symbol that nn/recording.cpp asks the library for.
extern "C" __attribute__((visibility("default"))) Recording* tessera_record_cuda_graph_1(
    c10::DeviceIndex device, const std::function<void()>& work, std::string& failure) {
  return record_cuda_graph(device, work, failure);
}

}  // namespace tessera::nn
