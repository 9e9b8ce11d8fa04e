#include "bench/timing.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>
#include <vector>

#include "core/error.h"

namespace tessera::bench {
namespace {

using Clock = std::chrono::steady_clock;

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

struct Times {
  std::vector<double> wall{};
  std::vector<double> cpu{};
};

Timing summary(Times times) {
  std::sort(times.wall.begin(), times.wall.end());
  const std::size_t count = times.wall.size();
  const std::size_t half = count / 2;
  return {.min_ms = times.wall.front(),
          .median_ms =
              count % 2 == 1 ? times.wall[half] : (times.wall[half - 1] + times.wall[half]) / 2,
          .min_cpu_ms = *std::min_element(times.cpu.begin(), times.cpu.end()),
          .repeats = static_cast<int>(count)};
}

}  // namespace

Timing measure(const std::function<void()>& work, const Effort& effort) {
  return measure_in_turn({work}, effort).front();
}

std::vector<Timing> measure_in_turn(const std::vector<std::function<void()>>& works,
                                    const Effort& effort) {
  TESSERA_CHECK(
      effort.repeats >= 1, kInvalidArgument, "repeats must be at least 1, got ", effort.repeats);
  for (int i = 0; i < effort.warm_up; ++i) {
    for (const auto& work : works) work();
  }
  std::vector<Times> times(works.size());
  for (int i = 0; i < effort.repeats; ++i) {
    for (std::size_t k = 0; k < works.size(); ++k) {
      const double cpu = cpu_ms();
      const auto start = Clock::now();
      works[k]();
      const std::chrono::duration<double, std::milli> spent = Clock::now() - start;
      times[k].wall.push_back(spent.count());
      times[k].cpu.push_back(cpu_ms() - cpu);
    }
  }
  std::vector<Timing> timings;
  for (Times& of_work : times) timings.push_back(summary(std::move(of_work)));
  return timings;
}

}  // namespace tessera::bench
