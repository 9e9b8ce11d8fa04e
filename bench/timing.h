#pragma once

#include <functional>

namespace tessera::bench {

struct Effort {
  int warm_up = 1;
  int repeats = 9;
};

/// Wall time of one call, in milliseconds. The minimum is what the machine can do; the median is
/// what is met on it. Both, since a shared machine spoils either alone.
struct Timing {
  double min_ms = 0;
  double median_ms = 0;
  int repeats = 0;
};

Timing measure(const std::function<void()>& work, const Effort& effort);

}  // namespace tessera::bench
