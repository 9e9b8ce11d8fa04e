#pragma once

#include <c10/core/Device.h>

namespace tessera::train {

/// While it lives, matrix products and convolutions of this thread run in bfloat16 on `device`;
/// weights, sums and losses stay in float32. With kFloat32 it changes nothing.
class Autocast {
 public:
  enum class Precision { kFloat32, kBFloat16 };
  Autocast(c10::Device device, Precision precision);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool active_;
};

}  // namespace tessera::train
