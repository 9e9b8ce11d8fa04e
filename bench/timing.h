#pragma once

#include <functional>
#include <vector>

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
  double min_cpu_ms = 0;  // processor time of all threads: other programs spoil it least
  int repeats = 0;
};

Timing measure(const std::function<void()>& work, const Effort& effort);

/// The same of several works that take turns, A B A B …: what the machine does beside them spoils
/// all alike, so their ratios hold where a single time would not.
std::vector<Timing> measure_in_turn(const std::vector<std::function<void()>>& works,
                                    const Effort& effort);

}  // namespace tessera::bench
