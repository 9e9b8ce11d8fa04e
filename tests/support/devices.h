#pragma once

#include <vector>

#include "nn/device.h"

namespace tessera::test {

/// The CPU, and a GPU where one works: what is right on the one is right on the other.
inline std::vector<c10::Device> devices() {
  std::vector<c10::Device> all{c10::Device(c10::kCPU)};
  if (const c10::Device best = nn::resolve_device("auto"); best.is_cuda()) all.push_back(best);
  return all;
}

}  // namespace tessera::test
