#include "nn/device.h"

#include <charconv>
#include <string>

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include "core/error.h"
#include "core/log.h"

namespace tessera::nn {
namespace {

/// Empty when the CUDA half is loaded, else why not. libtorch_cuda comes first and by name: that
/// tells "LibTorch without CUDA" apart from "Tessera without CUDA".
std::string load_cuda() {
  for (const char* name : {"libtorch_cuda.so", "libtessera_cuda.so"}) {
    if (dlopen(name, RTLD_NOW | RTLD_GLOBAL) == nullptr) return dlerror();
  }
  using CountDevices = int (*)();
  const auto count =
      reinterpret_cast<CountDevices>(dlsym(RTLD_DEFAULT, "tessera_cuda_device_count"));
  if (count == nullptr) return "libtessera_cuda.so is of another version";
  if (count() == 0) return "no CUDA device answers (driver missing or too old)";
  return {};
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
  if (failure.empty()) return {c10::kCUDA, index};
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
