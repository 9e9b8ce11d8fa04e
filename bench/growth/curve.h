#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/timing.h"

namespace tessera::bench {

/// What is measured at one size.
struct Work {
  std::string name{};  // of the curve
  std::int64_t at = 0;
  std::function<void()> run{};
};

struct Point {
  std::int64_t at = 0;
  Timing timing{};
  double memory_mib = 0;  // above what was held before; NaN where the system cannot tell
};

/// How one thing grows along one axis, sizes rising.
struct Curve {
  std::string axis{};
  std::string name{};
  std::vector<Point> points{};
};

/// One curve a name, in the order of their first points. All sizes take turns, so that what else
/// the machine does bends no curve.
std::vector<Curve> measure(const std::string& axis,
                           const std::vector<Work>& works,
                           const Effort& effort);

/// A block a curve, as gnuplot's `index` reads them: size, min ms, median ms, min cpu ms, memory
/// MiB. Below it d log y / d log x of processor time and memory over the last fourfold or more.
void print(const std::vector<Curve>& curves, std::ostream& out);
nlohmann::ordered_json to_json(const std::vector<Curve>& curves);

}  // namespace tessera::bench
