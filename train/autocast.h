#pragma once

#include <string>

#include <c10/core/Device.h>

namespace tessera::train {

/// While it lives, matrix products and convolutions of this thread run in bfloat16 on `device`
/// where the precision is "bf16"; weights, sums and losses stay in float32. With "fp32" it changes
/// nothing. (TrainOptions::validate() knows the names.)
class Autocast {
 public:
  Autocast(c10::Device device, const std::string& precision);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool active_;
};

}  // namespace tessera::train
