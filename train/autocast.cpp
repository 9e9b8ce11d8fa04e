#include "train/autocast.h"

#include <ATen/autocast_mode.h>

namespace tessera::train {

Autocast::Autocast(c10::Device device, const std::string& precision)
    : device_(device.type()), active_(precision == "bf16") {
  if (!active_) return;
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!active_) return;
  at::autocast::set_autocast_enabled(device_, false);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace tessera::train
