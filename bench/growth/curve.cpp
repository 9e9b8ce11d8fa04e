#include "bench/growth/curve.h"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iterator>
#include <ostream>

#include "bench/memory.h"

namespace tessera::bench {
namespace {

/// d log y / d log x over the last fourfold or more.
double exponent(const Curve& curve, double (*value)(const Point&)) {
  if (curve.points.size() < 2) return 0;
  const Point& last = curve.points.back();
  const auto before = std::find_if(curve.points.rbegin(), curve.points.rend(), [&](const Point& p) {
    return 4 * p.at <= last.at;
  });
  const Point& first = before == curve.points.rend() ? curve.points.front() : *before;
  return std::log(value(last) / value(first)) /
         std::log(static_cast<double>(last.at) / static_cast<double>(first.at));
}
double time_of(const Point& point) {
  return point.timing.min_cpu_ms;
}
double memory_of(const Point& point) {
  return point.memory_mib;
}

}  // namespace

std::vector<Curve> measure(const std::string& axis,
                           const std::vector<Work>& works,
                           const Effort& effort) {
  std::vector<std::function<void()>> runs;
  std::vector<double> memory;
  for (const Work& work : works) {
    work.run();
    memory.push_back(memory_mib_of(work.run));
    runs.push_back(work.run);
  }
  const std::vector<Timing> timings = measure_in_turn(runs, effort);
  std::vector<Curve> curves;
  for (std::size_t i = 0; i < works.size(); ++i) {
    auto curve = std::find_if(
        curves.begin(), curves.end(), [&](const Curve& c) { return c.name == works[i].name; });
    if (curve == curves.end()) {
      curves.push_back({.axis = axis, .name = works[i].name});
      curve = std::prev(curves.end());
    }
    curve->points.push_back({.at = works[i].at, .timing = timings[i], .memory_mib = memory[i]});
  }
  return curves;
}

void print(const std::vector<Curve>& curves, std::ostream& out) {
  for (const Curve& curve : curves) {
    out << "# " << curve.name << ": " << curve.axis
        << ", min ms, median ms, min cpu ms, memory MiB\n"
        << std::fixed << std::setprecision(3);
    for (const Point& point : curve.points) {
      out << std::setw(8) << point.at << std::setw(12) << point.timing.min_ms << std::setw(12)
          << point.timing.median_ms << std::setw(12) << point.timing.min_cpu_ms << std::setw(12)
          << point.memory_mib << "\n";
    }
    out << "# exponent at the end: time " << exponent(curve, time_of) << ", memory "
        << exponent(curve, memory_of) << "\n\n\n";
  }
}

nlohmann::ordered_json to_json(const std::vector<Curve>& curves) {
  auto all = nlohmann::ordered_json::array();
  for (const Curve& curve : curves) {
    auto points = nlohmann::ordered_json::array();
    for (const Point& point : curve.points) {
      points.push_back({{"at", point.at},
                        {"min_ms", point.timing.min_ms},
                        {"median_ms", point.timing.median_ms},
                        {"min_cpu_ms", point.timing.min_cpu_ms},
                        {"memory_mib", point.memory_mib}});
    }
    all.push_back({{"axis", curve.axis},
                   {"name", curve.name},
                   {"points", points},
                   {"time_exponent", exponent(curve, time_of)}});
  }
  return all;
}

}  // namespace tessera::bench
