#include "bench/timing.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "core/error.h"

namespace tessera::bench {

Timing measure(const std::function<void()>& work, const Effort& effort) {
  TESSERA_CHECK(
      effort.repeats >= 1, kInvalidArgument, "repeats must be at least 1, got ", effort.repeats);
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < effort.warm_up; ++i) work();
  std::vector<double> times;
  for (int i = 0; i < effort.repeats; ++i) {
    const auto start = Clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  const std::size_t half = times.size() / 2;
  const double median = times.size() % 2 == 1 ? times[half] : (times[half - 1] + times[half]) / 2;
  return {.min_ms = times.front(), .median_ms = median, .repeats = effort.repeats};
}

}  // namespace tessera::bench
