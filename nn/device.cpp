#include "nn/device.h"

#include <charconv>
#include <string>

#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>

#include "core/error.h"
#include "core/log.h"
#include "nn/cuda_kernels.h"
#include "nn/recording.h"

namespace tessera::nn {
namespace {

/// Empty when CUDA can be used, else why not.
std::string load_cuda() {
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
  // Asked through the hooks, and only now: their answer is kept for the life of the process.
  if (!at::detail::getCUDAHooks().hasCUDA()) {
    return "no CUDA device answers (driver missing or too old)";
  }
  load_cuda_kernels();
  load_recorder();
  return {};
}

/// Throws where there is no device of that index.
c10::Device cuda_device(c10::DeviceIndex index) {
  const int count = at::detail::getCUDAHooks().getNumGPUs();
  TESSERA_CHECK(index < count,
                kUnavailable,
                "device \"cuda:",
                int{index},
                "\" cannot be used: CUDA devices here: ",
                count);
  return {c10::kCUDA, index};
}

c10::DeviceIndex parse_index(std::string_view name, std::string_view digits) {
  int index = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  TESSERA_CHECK(
      failed == std::errc{} && end == digits.data() + digits.size() && index >= 0 && index < 128,
      kInvalidArgument,
      "device \"",
      name,
      "\" is not known; use cpu, cuda, cuda:N or auto");
  return static_cast<c10::DeviceIndex>(index);
}

}  // namespace

c10::Device resolve_device(std::string_view name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  const bool automatic = name == "auto" || name.empty();
  c10::DeviceIndex index = 0;
  if (!automatic && name != "cuda") {
    TESSERA_CHECK(name.substr(0, 5) == "cuda:",
                  kInvalidArgument,
                  "device \"",
                  name,
                  "\" is not known; use cpu, cuda, cuda:N or auto");
    index = parse_index(name, name.substr(5));
  }
  static const std::string failure = load_cuda();
  if (failure.empty()) return cuda_device(index);
  TESSERA_CHECK(automatic, kUnavailable, "device \"", name, "\" cannot be used: ", failure);
  log_debug("no CUDA: " + failure);
  return c10::Device(c10::kCPU);
}

void set_threads(int threads) {
  TESSERA_CHECK(threads >= 0 && threads <= 1024,
                kInvalidArgument,
                "threads must lie in 0…1024 (0 = all cores), got ",
                threads);
  if (threads > 0) at::set_num_threads(threads);
}

}  // namespace tessera::nn
